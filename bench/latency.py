"""From a visit's last batch to its incident: how long a person waits for what a user just met.

Starts a real `retrace up` on a temporary home and plays visits against its door. Each meets an error of its own, so
each makes an incident of its own; the clock runs from the answer to its final batch until the lake shows the incident.
A visit posts twice before its final batch, so its hot run may have to wait for the one before it, as it does in life.

    python bench/latency.py [--visits 20] [--no-push] [--keep HOME]
"""

import argparse
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from bench.figures import Figure, collect
from retrace_app.supervisor.programs import Options
from retrace_resources.dagster_instance import open_instance
from retrace_resources.lake import Lake
from retrace_resources.state import StateStore

TARGET_SECONDS = {"push": 4.0, "sensor": 10.0}
"""p95 with the supervisor's push, and with the sensor alone."""

_LETTERS = "bcdfghjklmnpqrstvwxz"
_GIVE_UP_SECONDS = 60.0
_LOOK_SECONDS = 0.1


@contextmanager
def retrace_up(home: Path, *, push: bool) -> Iterator[Options]:
    """A running `retrace up`, answering."""
    options = Options(home, "127.0.0.1", _free_port(), _free_port(), workers=1, push=push)
    command = [sys.executable, "-m", "retrace_app.cli", "up", "--port", str(options.port)]
    command += ["--dagster-port", str(options.dagster_port), "--push" if push else "--no-push"]
    started = time.monotonic()
    log = (home / "up.log").open("wb")
    process = subprocess.Popen(command, env={**os.environ, "RETRACE_HOME": str(home)}, stderr=log)
    try:
        while b"Dagster " not in (home / "up.log").read_bytes():
            if process.poll() is not None:
                raise SystemExit((home / "up.log").read_text())
            time.sleep(0.1)
        print(f"retrace up answers after {time.monotonic() - started:.1f} s")
        yield options
    finally:
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        process.wait()
        print(f"retrace up stops in {time.monotonic() - started:.1f} s")


def visit(client: httpx.Client, lake: Lake, number: int, random_: random.Random) -> float:
    """Play one visit and return the seconds from its last answer to its incident."""
    word = "".join(random_.choice(_LETTERS) for _ in range(12))
    for sequence in range(3):
        is_final = sequence == 2
        client.post("/api/sdk/replay", content=_batch(number, sequence, word, is_final=is_final)).raise_for_status()
        if not is_final:
            time.sleep(random_.uniform(0.2, 1.5))
    started = time.monotonic()
    while time.monotonic() - started < _GIVE_UP_SECONDS:
        seen = lake.query("SELECT count(*) FROM incidents WHERE contains(evidence, ?)", [word]).item()
        if seen:
            return time.monotonic() - started
        time.sleep(_LOOK_SECONDS)
    raise SystemExit(f"no incident within {_GIVE_UP_SECONDS:.0f} s of visit {number}")


def _batch(number: int, sequence: int, word: str, *, is_final: bool) -> bytes:
    now = int(time.time() * 1000)
    url = "https://shop.test/cart"
    page = {"href": url, "width": 800, "height": 600}
    events: list[dict[str, object]] = [{"type": 4, "timestamp": now, "data": page}]
    if is_final:
        error = {"level": "error", "payload": [f"cannot read {word} of undefined"], "url": url}
        events.append({"type": 6, "timestamp": now + 5, "data": {"plugin": "retrace/console@1", "payload": error}})
    document = {
        "sessionId": f"visit-{number}",
        "windowId": "w",
        "sequence": sequence,
        "flushType": "final" if is_final else "normal",
        "sentAt": now + 10,
        "events": events,
    }
    return json.dumps(document).encode()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def report(home: Path, waits: list[float], *, push: bool) -> bool:
    """Print the distribution and how long the hot runs themselves took; True when the target is met."""
    way = "push" if push else "sensor"
    waits.sort()
    p95 = waits[min(len(waits) - 1, round(0.95 * len(waits)) - 1)] if len(waits) > 1 else waits[0]
    middle, longest = statistics.median(waits), waits[-1]
    print(f"{len(waits)} visits by {way}: median {middle:.2f} s, p95 {p95:.2f} s, max {longest:.2f} s")
    collect(Figure(f"final batch to incident by {way}, p95", p95, "s", TARGET_SECONDS[way]))
    print(f"target p95 {TARGET_SECONDS[way]:.0f} s: {'met' if p95 <= TARGET_SECONDS[way] else 'MISSED'}")
    with open_instance(home) as instance:
        records = [record for record in instance.get_run_records() if record.end_time and record.start_time]
        spent = [record.end_time - record.start_time for record in records if record.end_time and record.start_time]
        starts = [record.start_time - record.create_timestamp.timestamp() for record in records if record.start_time]
    print(
        f"{len(records)} runs: created to started {statistics.median(starts):.2f} s, started to ended "
        f"{statistics.median(spent):.2f} s (median), longest {max(spent):.2f} s; load {os.getloadavg()[0]:.1f}"
    )
    return p95 <= TARGET_SECONDS[way]


def main() -> int:
    """Measure; exit code 1 when the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=20)
    parser.add_argument("--no-push", action="store_true")
    parser.add_argument("--keep", type=Path, help="use this home, and leave it")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="retrace-latency-") as folder:
        home = arguments.keep or Path(folder)
        home.mkdir(parents=True, exist_ok=True)
        with StateStore.open(home) as store:
            _, secret = store.create_sdk_key(store.ensure_workspace("bench", "latency", "local"), "bench")
        random_ = random.Random(7)
        with retrace_up(home, push=not arguments.no_push) as options, Lake(home) as lake:
            client = httpx.Client(base_url=options.door_url, headers={"x-retrace-key": secret})
            visit(client, lake, -1, random_)
            waits = [visit(client, lake, number, random_) for number in range(arguments.visits)]
        return 0 if report(home, waits, push=not arguments.no_push) else 1


if __name__ == "__main__":
    sys.exit(main())
