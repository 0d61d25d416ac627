"""All benches, one after the other, each in a fresh process, then one table of what they found.

    python -m bench [name …]

Give them a quiet machine: they measure it and whatever else it does.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.figures import COLLECTED, print_figures, read_figures

BENCHES = (
    *("door", "pipeline", "change_cost", "lake_size", "redaction", "latency", "dagster_home", "kills"),
    *("detectors", "grouping", "rescan", "reads", "capture", "capture.cost"),
    *("spec_generation", "reproduce", "fix_loop"),
)


def main() -> int:
    """Run the benches that are named, or all; the exit code is 1 if one failed or missed a target."""
    names = sys.argv[1:] or BENCHES
    failed = []
    with tempfile.TemporaryDirectory(prefix="retrace-bench-") as folder:
        collected = Path(folder) / "figures"
        collected.touch()
        for name in names:
            print(f"\n== {name}", flush=True)
            environment = {**os.environ, COLLECTED: str(collected)}
            run = subprocess.run([sys.executable, "-m", f"bench.{name}"], env=environment, check=False)
            failed += [name] if run.returncode else []
        print("\n== all figures", flush=True)
        missed = print_figures(read_figures(collected))
    if failed:
        print(f"failed or missed a target: {', '.join(failed)}", flush=True)
    return int(bool(failed) or missed)


if __name__ == "__main__":
    sys.exit(main())
