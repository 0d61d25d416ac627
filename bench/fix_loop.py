"""How long it takes from an incident whose test is red to a draft pull request, and from its merge to `verified`.

    python -m bench.fix_loop [--times 3]

The shop's repository, with a bug in its code, on a bare remote; the demo's scripted agent in the sandbox. Nothing needs
a network. What is measured is all that `retrace qa fix` does: ranking, prompts, the red test, the agent, the gate, the
green test, commit, push and pull request.
"""

import argparse
import os
import shlex
import sys
import tempfile
import time
from pathlib import Path

from bench.figures import Figure, collect
from retrace_app.actions import repositories
from retrace_app.actions.fix import FixHow, fix, verify_fix
from retrace_app.actions.incidents import list_incidents
from retrace_app.actions.reproduce import How, reproduce
from retrace_app.demo.fixing import AGENT, FIXED
from retrace_app.demo.run import seed
from retrace_app.demo.shop_repository import NAME, START_COMMAND, make_repository
from retrace_app.demo.shop_server import running_shop
from retrace_resources.lake import Lake
from retrace_resources.settings import load_settings


def main() -> None:
    """Print the figures, step by step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=3, help="runs of the test before and after")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="retrace-bench-") as folder:
        os.environ["RETRACE_HOME"] = folder
        settings = load_settings()
        seed(settings, lambda *_: None)
        with Lake(settings.home) as lake:
            incident = next(each.public_id for each in list_incidents(lake) if FIXED in each.title)
        with running_shop(["all"]) as broken:
            reproduce(settings, incident, How(app_url=broken, build="broken", times=options.times))
        shop = make_repository(Path(folder) / "demo")
        repositories.connect(settings, NAME, shop.checkout)
        agent = shlex.join([sys.executable, str(AGENT)])
        how = FixHow(repo=NAME, start_command=START_COMMAND, agent=agent, times=options.times)

        began = time.perf_counter()
        steps: list[tuple[str, float]] = []
        done = fix(settings, incident, how, lambda step: steps.append((step, time.perf_counter())))
        proposed = time.perf_counter() - began
        if not done.is_published:
            sys.exit(f"no fix: {done.reason}: {done.error}; ranked {', '.join(done.candidate_files)}")
        shop.merge(done.branch)
        began_again = time.perf_counter()
        verified = verify_fix(settings, incident, how, times=options.times)
        seconds = time.perf_counter() - began_again

    ends = [at for _, at in steps[1:]] + [began + proposed]
    for (step, at), end in zip(steps, ends, strict=True):
        print(f"  {step:<36}{end - at:6.1f} s")
    print(f"{done.status}, red {done.red}×, green {done.green}×; then {verified.outcome}")
    figures = [
        Figure("fix: incident to draft pull request", proposed, "s", target=30.0),
        Figure("fix: merged to verified", seconds, "s"),
    ]
    for figure in figures:
        print(f"{figure.name:<40}{figure.value:8.1f} {figure.unit}")
    collect(*figures)


if __name__ == "__main__":
    main()
