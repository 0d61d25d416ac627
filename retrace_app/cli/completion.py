"""`retrace completion`: the script that lets a shell complete `retrace`'s commands and options."""

import sys
from typing import Annotated, Literal

import typer
from typer.completion import get_completion_script  # type: ignore[attr-defined]

app = typer.Typer(add_completion=False)


@app.command("completion")
def run(shell: Annotated[Literal["bash", "zsh", "fish"], typer.Argument(help="Shell the script is for.")]) -> None:
    """Print a script to be read by your shell when it starts.

    bash: eval "$(retrace completion bash)" in ~/.bashrc. zsh: the same with zsh in ~/.zshrc, below compinit. fish:
    retrace completion fish > ~/.config/fish/completions/retrace.fish
    """
    script = get_completion_script(prog_name="retrace", complete_var="_RETRACE_COMPLETE", shell=shell)
    sys.stdout.write(script + "\n")
