"""What `kill -9` costs: the door, the intake and process-replays, killed again and again while they work.

python -m bench.kills [--times 200] [--only door intake replays]
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from bench.figures import Figure, collect
from tests.reliability.doors import running_door
from tests.reliability.killing import Work, drain_one_by_one, kill_again_and_again, process_replays
from tests.retrace_app.http.ingest.test_door_survives_kill import CLIENTS, LONGEST_LIFE_SECONDS, Client, landed_rows


class Row(NamedTuple):
    """A line of the table; `ended` is whether what came last ended by itself and left nothing."""

    kills: int
    acknowledged: int
    lost: int
    doubled: int
    torn: int
    ended: bool
    seconds: float


def kill_door(home: Path, times: int) -> Row:
    """Kill the door under load; acknowledged posts against landed rows."""
    started, chosen = time.monotonic(), random.Random(1)
    clients: list[Client] = []
    with running_door(home) as door:
        for life in range(times):
            generation = [Client(door, number, life) for number in range(CLIENTS)]
            clients += generation
            for client in generation:
                client.start()
            time.sleep(chosen.uniform(0.02, LONGEST_LIFE_SECONDS))
            door.kill()
            for client in generation:
                client.join()
            door.start()
        ended = door.stop()[0] == 0
        rows = landed_rows(door)
    acknowledged = {name for client in clients for name in client.acknowledged}
    sent = {name: body for client in clients for name, body in client.sent.items()}
    landed = Counter((row["session_id"], row["sequence"]) for row in rows)
    torn = sum(row["body"] != sent.get((row["session_id"], row["sequence"])) for row in rows)
    doubled = sum(count > 1 for count in landed.values())
    seconds = time.monotonic() - started
    return Row(times, len(acknowledged), len(acknowledged - landed.keys()), doubled, torn, ended, seconds)


def _kill_work(work: Work, workers: int, longest_life: float) -> Callable[[Path, int], Row]:
    def kill(home: Path, times: int) -> Row:
        outcome = kill_again_and_again(
            home, work, times, workers=workers, longest_life=longest_life, segments=2, seed=times
        )
        found = outcome.found
        ended = outcome.ended_normally and outcome.left == 0
        return Row(outcome.kills, found.landed, found.lost, found.doubled, found.torn, ended, outcome.seconds)

    return kill


VICTIMS = {
    "door": kill_door,
    "intake": _kill_work(drain_one_by_one, 1, 0.5),
    "replays": _kill_work(process_replays, 2, 5.0),
}


def main() -> int:
    """Kill each; exit code 1 when anything was lost, doubled or torn, or did not end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--only", nargs="+", choices=VICTIMS, default=list(VICTIMS))
    arguments = parser.parse_args()
    print(f"{'':<10}{'kills':>7}{'acknowledged':>14}{'lost':>7}{'doubled':>9}{'torn':>7}{'ended':>7}{'seconds':>9}")
    failed = False
    for name in arguments.only:
        with tempfile.TemporaryDirectory(prefix="retrace-kills-") as folder:
            row = VICTIMS[name](Path(folder), arguments.times)
        print(
            f"{name:<10}{row.kills:>7}{row.acknowledged:>14,}{row.lost:>7}{row.doubled:>9}{row.torn:>7}"
            f"{'yes' if row.ended else 'NO':>7}{row.seconds:>9.1f}",
            flush=True,
        )
        collect(
            Figure(
                f"{row.kills} kills of the {name}: lost, doubled, torn", row.lost + row.doubled + row.torn, "rows", 0
            )
        )
        failed |= bool(row.lost or row.doubled or row.torn) or not row.ended
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
