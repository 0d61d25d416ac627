"""One message sheet for every command: data on stdout, everything else on stderr, and how a run ends.

Belongs here: the form of refusals, warnings and JSON. Does not: what any command has to say.

Colour never carries meaning alone; Rich leaves it out for pipes and under NO_COLOR.
"""

import os
import re
import sys
import tempfile
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import typer
from rich.console import Console
from rich.text import Text

from retrace_core.errors import ErrorCode, RetraceError

EXIT_REFUSED = 1
# 128 and the number of SIGINT, as shells report it.
EXIT_INTERRUPTED = 130

# A pipe has no width; wide enough that no table folds a URL in it.
_PIPE_COLUMNS = 240
# What would move the cursor, recolour the terminal or reverse the writing: control codes but tab and newline, and the
# bidirectional ones. Lone surrogates cannot be written at all.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def ending(run: Callable[[], object]) -> int:
    """Run a command and turn however it ends into an exit code and, unless it went well, a few lines on stderr."""
    try:
        code = run()
        sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last resort: nobody gets a traceback
        return _explain(error)
    return code if isinstance(code, int) else 0


def console() -> Console:
    """Where a command shows its data to a person."""
    pipe = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return Console(highlight=False, width=_PIPE_COLUMNS if pipe else None)


def notice(text: str) -> None:
    """Say something that is not data."""
    _stderr().print(Text(printable(text)))


def warning(text: str) -> None:
    """Say that something has not the effect it seems to have."""
    _stderr().print(Text.assemble(("warning", "bold yellow"), ": ", printable(text)))


def write_json(value: object) -> None:
    """Write data for programs: times in UTC as ISO 8601 ending in Z, paths as text, anything else as msgspec does."""
    plain = msgspec.to_builtins(value, builtin_types=(datetime,), enc_hook=_as_text)
    encoded = msgspec.json.format(msgspec.json.encode(_in_utc(plain)), indent=2)
    sys.stdout.write(encoded.decode() + "\n")


def printable(text: str) -> str:
    """Text that cannot act on a terminal, whoever wrote it."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _explain(error: BaseException) -> int:
    """Tell a person how it ended, in the form that fits."""
    code = EXIT_REFUSED
    match error:
        case RetraceError():
            _show(error.code.value, error.detail or error.code.sentence, error.hint)
        case typer.TyperException():
            code = error.exit_code
            _show_misuse(error)
        case typer.Abort():
            notice("Aborted; nothing was done.")
        case KeyboardInterrupt():
            code = EXIT_INTERRUPTED
        case BrokenPipeError():
            # Whoever read our output has seen enough; what is still buffered must not complain at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        case _:
            hint = f"the traceback is in {_write_traceback(error)}"
            _show(ErrorCode.INTERNAL_ERROR.value, f"{type(error).__name__}: {error}", hint)
    return code


def _show(code: str, found: str, hint: str) -> None:
    stderr = _stderr()
    stderr.print(Text.assemble((f"error[{code}]", "bold red"), ": ", printable(found)))
    if hint:
        stderr.print(Text.assemble(("hint", "bold cyan"), ": ", printable(hint)))


def _show_misuse(error: typer.TyperException) -> None:
    message = error.format_message()
    context: typer.Context | None = getattr(error, "ctx", None)
    # Without a message it is a group that was called alone, and its help has been shown.
    if message:
        _show("usage", message, f"{context.command_path} --help" if context else "")


def _write_traceback(error: BaseException) -> Path:
    descriptor, path = tempfile.mkstemp(prefix="retrace-", suffix=".log")
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        traceback.print_exception(error, file=file)
    return Path(path)


def _stderr() -> Console:
    return Console(stderr=True, highlight=False, soft_wrap=True)


def _as_text(value: Any) -> str:
    return str(value)


def _in_utc(value: Any) -> Any:
    """Give every time its zone: the lake's have none, and mean UTC."""
    match value:
        case datetime():
            return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
        case dict():
            return {key: _in_utc(item) for key, item in value.items()}
        case list() | tuple():
            return [_in_utc(item) for item in value]
        case _:
            return value
