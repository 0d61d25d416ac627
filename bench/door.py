"""What the door takes: durable batches a second, and how long a client waits.

Starts a real door on a temporary home, has `wrk` post distinct batches, and checks that as many rows are in the landing
as were acknowledged. `wrk` shares the machine with the door: the figures are the pair's.

    python bench/door.py [--seconds 8] [--connections 32] [--workers 1] [--only 20KB]
"""

import argparse
import gzip
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil

from bench.figures import Figure, collect
from retrace_resources.landing import Landing
from retrace_resources.state import StateStore

REPOSITORY = Path(__file__).parent.parent
TARGETS = {"20KB": (5_000, 25.0), "1KB": (7_000, 25.0), "20KB gzip": (3_000, 25.0)}
"""Durable batches a second and p99 in milliseconds with one worker on two cores that it shares with wrk."""

_WARM_UP_SECONDS = 1
# Distinct gzip bodies made beforehand, each posted once to each environment: enough for the fastest run.
_GZIP_BODIES = 4_000
_ENVIRONMENTS = 32

_LUA = """
local threads = 0
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end
function init(args)
  keys = {KEYS}
  sequence = 0
  session = "bench-RUN-" .. number
  if POOL ~= "" then
    local file = io.open(POOL, "rb")
    local data = file:read("*a")
    file:close()
    bodies = {}
    local at = 1
    while at <= #data do
      local b1, b2, b3, b4 = data:byte(at, at + 3)
      local size = b1 + b2 * 256 + b3 * 65536 + b4 * 16777216
      bodies[#bodies + 1] = data:sub(at + 4, at + 3 + size)
      at = at + 4 + size
    end
  end
end
function request()
  sequence = sequence + 1
  local headers = {["x-retrace-key"] = keys[1], ["content-type"] = "application/json"}
  local body
  if bodies then
    -- Threads share the bodies but not the environments.
    local turn = math.floor((sequence - 1) / #bodies) * THREADS + number
    headers["x-retrace-key"] = keys[turn % #keys + 1]
    headers["content-encoding"] = "gzip"
    body = bodies[(sequence - 1) % #bodies + 1]
  else
    body = '{"sessionId":"' .. session .. '","sequence":' .. sequence .. REST
  end
  return wrk.format("POST", "/api/sdk/replay", headers, body)
end
function done(summary, latency, requests)
  io.write(string.format(
    '\\nRESULT {"requests":%d,"microseconds":%d,"refused":%d,"broken":%d,"p50":%f,"p99":%f,"max":%f}\\n',
    summary.requests, summary.duration, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency.max / 1000))
end
"""


class Site(NamedTuple):
    """Where to post, with which keys, and where it lands."""

    home: Path
    port: int
    keys: list[str]


class Result(NamedTuple):
    """One run of wrk, and what it left."""

    batches: int
    seconds: float
    refused: int
    broken: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    rows: int
    body_bytes: int


def events_json(size: int, seed: int) -> str:
    """About `size` bytes of events as rrweb and our recorder send them."""
    chosen = random.Random(seed)
    events: list[dict[str, object]] = []
    length, now = 0, 1_760_000_000_000
    words = ["cart", "checkout", "total", "shipping", "address", "payment", "button", "price", "sale", "order"]
    while length < size:
        now += chosen.randrange(10, 400)
        kind = chosen.random()
        event: dict[str, object]
        if kind < 0.5:
            positions = [
                {"x": chosen.randrange(1280), "y": chosen.randrange(720), "id": 7, "timeOffset": -50 * step}
                for step in range(chosen.randrange(1, 10))
            ]
            event = {"type": 3, "timestamp": now, "data": {"source": 1, "positions": positions}}
        elif kind < 0.9:
            adds = [
                {
                    "parentId": chosen.randrange(900),
                    "nextId": None,
                    "node": {
                        "type": 2,
                        "tagName": chosen.choice(["div", "span", "li", "button"]),
                        "attributes": {"class": " ".join(chosen.choices(words, k=3)), "data-id": str(now)},
                        "childNodes": [],
                        "id": chosen.randrange(10_000),
                    },
                }
                for _ in range(chosen.randrange(1, 4))
            ]
            data = {"source": 0, "texts": [], "attributes": [], "removes": [], "adds": adds}
            event = {"type": 3, "timestamp": now, "data": data}
        else:
            payload = {"kind": "fetch", "method": "GET", "url": f"/api/{chosen.choice(words)}/{now}", "status": 200}
            event = {"type": 6, "timestamp": now, "data": {"plugin": "retrace/network@1", "payload": payload}}
        events.append(event)
        length += len(json.dumps(event, separators=(",", ":"))) + 1
    return json.dumps(events, separators=(",", ":"))


def rest_of_body(size: int) -> str:
    """Everything of a post behind its sequence."""
    sdk = {"name": "@retrace/browser", "version": "0.1.0"}
    facts = json.dumps({"windowId": "w1", "flushType": "normal", "sentAt": 1_760_000_000_000, "sdk": sdk})
    return "," + facts[1:-1] + ',"events":' + events_json(size - len(facts) - 80, seed=size) + "}"


def write_gzip_pool(path: Path, size: int) -> int:
    """Write distinct compressed bodies, each behind its length; the mean length."""
    rest = rest_of_body(size)
    total = 0
    with path.open("wb") as pool:
        for sequence in range(_GZIP_BODIES):
            body = gzip.compress(f'{{"sessionId":"bench","sequence":{sequence}{rest}'.encode(), compresslevel=6)
            pool.write(struct.pack("<I", len(body)) + body)
            total += len(body)
    return total // _GZIP_BODIES


def free_port() -> int:
    """A loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_door(home: Path, workers: int) -> Iterator[tuple[int, psutil.Process]]:
    """A door without rate limits, as its port and main process."""
    port = free_port()
    code = (
        "import sys; from pathlib import Path; from retrace_app.http.ingest.serve import serve; "
        f"serve(Path(sys.argv[1]), '127.0.0.1', {port}, {workers}, replay_limit=None)"
    )
    started = time.perf_counter()
    door = subprocess.Popen([sys.executable, "-c", code, str(home)], cwd=REPOSITORY)
    try:
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).close()
                break
            except OSError:
                if door.poll() is not None or time.perf_counter() - started > 20:
                    sys.exit("The door did not start.")
                time.sleep(0.02)
        print(f"The door answered after {time.perf_counter() - started:.2f} s.")
        yield port, psutil.Process(door.pid)
    finally:
        door.send_signal(signal.SIGTERM)
        code_at_end = door.wait(30)
        if code_at_end:
            print(f"The door ended with {code_at_end}.")


def count_and_clear(home: Path) -> int:
    """Intact rows in the landing; nothing is left of them."""
    landing = Landing(home)
    rows = 0
    deadline = time.monotonic() + 10
    while any(landing.directory.glob("*.open")) and time.monotonic() < deadline:
        time.sleep(0.1)
    for segment in landing.pending():
        for batch in segment.read():
            rows += sum(batch["intact"].to_pylist())
        landing.delete(segment)
    return rows


def run_wrk(port: int, script: Path, connections: int, seconds: int) -> dict[str, float]:
    """Run wrk once."""
    command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "-s", str(script), f"http://127.0.0.1:{port}"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    line = next(line for line in output.splitlines() if line.startswith("RESULT "))
    result: dict[str, float] = json.loads(line.removeprefix("RESULT "))
    return result


def measure(name: str, site: Site, connections: int, seconds: int) -> Result:
    """Post batches of one kind for some seconds."""
    size = 1_000 if name.startswith("1KB") else 20_000
    with tempfile.TemporaryDirectory() as folder:
        pool = Path(folder) / "pool"
        body_bytes = write_gzip_pool(pool, size) if name.endswith("gzip") else size
        script = Path(folder) / "post.lua"
        settings = {
            "KEYS": ",".join(f'"{key}"' for key in site.keys),
            "POOL": f'"{pool}"' if pool.exists() else '""',
            "REST": f"[=[{rest_of_body(size)}]=]",
            "THREADS": "2",
        }
        for run, duration in (("warm-up", _WARM_UP_SECONDS), ("measured", seconds)):
            text = _LUA
            for word, value in {**settings, "RUN": f"{name}-{run}"}.items():
                text = text.replace(word, value)
            script.write_text(text)
            if pool.exists() and run == "warm-up":
                continue  # its bodies may be posted once only
            result = run_wrk(site.port, script, connections, duration)
            rows = count_and_clear(site.home)
    return Result(
        batches=int(result["requests"]) - int(result["refused"]),
        seconds=result["microseconds"] / 1e6,
        refused=int(result["refused"]),
        broken=int(result["broken"]),
        p50_ms=result["p50"],
        p99_ms=result["p99"],
        max_ms=result["max"],
        rows=rows,
        body_bytes=body_bytes,
    )


def main() -> None:
    """Measure each kind of batch and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--only", choices=TARGETS, help="one kind of batch")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="retrace-bench-") as folder:
        home = Path(folder)
        with StateStore.open(home) as store:
            workspaces = [store.ensure_workspace("bench", "door", f"env{n}") for n in range(_ENVIRONMENTS)]
            keys = [store.create_sdk_key(workspace, "bench")[1] for workspace in workspaces]
        with running_door(home, options.workers) as (port, main_process):
            time.sleep(1)
            workers = main_process.children()
            idle = [worker.memory_info().rss / 1e6 for worker in workers]
            print(f"Idle: {', '.join(f'{rss:.0f}' for rss in idle)} MB a worker; {os.cpu_count()} cores.\n")
            collect(Figure("door, idle memory a worker", max(idle), "MB", 100))
            print("batch         batches/s   MB/s   p50 ms   p99 ms   max ms      202s      rows  refused  target")
            for name in [options.only] if options.only else list(TARGETS):
                result = measure(name, Site(home, port, keys), options.connections, options.seconds)
                report(name, result, options.connections)
            busy = [worker.memory_info().rss / 1e6 for worker in main_process.children()]
            print(f"\nAfterwards: {', '.join(f'{rss:.0f}' for rss in busy)} MB a worker.")


def report(name: str, result: Result, connections: int) -> None:
    """Print one line; wrk stops with a request in flight on each connection, whose row it does not count."""
    rate = result.batches / result.seconds
    least, most_ms = TARGETS[name]
    complete = 0 <= result.rows - result.batches <= connections and not result.broken
    collect(
        Figure(f"door, {name} batches", rate, "a second", least, at_least=True),
        Figure("  p99", result.p99_ms, "ms", most_ms),
    )
    verdict = "met" if rate >= least and result.p99_ms < most_ms else "missed"
    print(
        f"{name:<12}{rate:>11,.0f}{rate * result.body_bytes / 1e6:>7.0f}{result.p50_ms:>9.1f}{result.p99_ms:>9.1f}"
        f"{result.max_ms:>9.1f}{result.batches:>10,}{result.rows:>10,}{result.refused:>9,}  {verdict}"
        + ("" if complete else "  ROWS DO NOT MATCH")
    )


if __name__ == "__main__":
    main()
