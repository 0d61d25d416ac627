"""How fast redaction is on one core: MB/s over rrweb JSON, next to a bare msgspec parse of the same bytes.

    python -m bench.redaction [folder or file of rrweb JSON ...]

Without arguments it makes its own stream: snapshots with style sheets, mutations, typing, console and network events.
"""

import os

os.environ["POLARS_MAX_THREADS"] = "1"  # read when Polars is first imported

import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from bench.figures import Figure, collect
from retrace_core.redaction import redact

_REPEATS = 5
_WORDS = ["order", "total", "basket", "checkout", "invoice", "customer", "delivery", "search", "password", "account"]


def _text(random_: random.Random, words: int) -> str:
    return " ".join(random_.choices(_WORDS, k=words))


def _element(random_: random.Random, depth: int, ids: list[int]) -> dict[str, Any]:
    ids[0] += 1
    node: dict[str, Any] = {
        "type": 2,
        "tagName": random_.choice(["div", "span", "a", "button", "li"]),
        "attributes": {"class": f"c-{ids[0] % 97} {_text(random_, 2)}", "data-testid": f"item-{ids[0]}"},
        "childNodes": [],
        "id": ids[0],
    }
    ids[0] += 1
    node["childNodes"].append({"type": 3, "textContent": _text(random_, 4), "id": ids[0]})
    if depth:
        node["childNodes"] += [_element(random_, depth - 1, ids) for _ in range(4)]
    return node


def _batch(random_: random.Random, number: int) -> str:
    """One post of a session: every tenth carries a full snapshot, one event in thirty holds a secret."""
    at = 1_712_345_678_901 + number * 5000
    ids = [0]
    events: list[dict[str, Any]] = []
    if number % 10 == 0:
        style = {"type": 2, "tagName": "style", "attributes": {"_cssText": f".c-{number % 7}:hover{{color:red}}" * 900}}
        root = {"type": 0, "childNodes": [style, _element(random_, 4, ids)], "id": 0}
        events.append({"type": 2, "data": {"node": root, "initialOffset": {"top": 0, "left": 0}}, "timestamp": at})
    for step in range(60):
        adds = [{"parentId": 4, "nextId": None, "node": _element(random_, 1, ids)}]
        moves = [{"x": random_.random() * 900, "y": step, "id": step, "timeOffset": -step} for _ in range(10)]
        url = f"https://app.example/api/orders/{step}?page=2"
        body = json.dumps({"email": f"user{number}@example.com", "password": "hunter2", "items": [1, 2, 3]})
        headers = {"content-type": "application/json", "authorization": "Bearer abc123def456"}
        events.append({"type": 3, "data": {"source": 0, "adds": adds, "removes": [], "texts": []}, "timestamp": at})
        events.append({"type": 3, "data": {"source": 1, "positions": moves}, "timestamp": at + step})
        if step % 30 == 0:
            request = {"name": url, "status": 200, "requestHeaders": headers, "requestBody": body}
            payload = {"plugin": "rrweb/network@1", "payload": {"requests": [request]}}
            events.append({"type": 6, "data": payload, "timestamp": at + step})
    return json.dumps({"sessionId": f"s{number // 10}", "sequence": number, "events": events}, separators=(",", ":"))


def _recordings(paths: list[str]) -> list[str]:
    files = [file for path in map(Path, paths) for file in (sorted(path.glob("*.json")) if path.is_dir() else [path])]
    return [file.read_text(encoding="utf-8") for file in files]


def _best_seconds(work: Callable[[], object]) -> float:
    """Least processor time of several runs: what the machine's other work cannot inflate."""
    times = []
    for _ in range(_REPEATS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    """Measure and print."""
    random_ = random.Random(7)
    texts = _recordings(sys.argv[1:]) or [_batch(random_, number) for number in range(120)]
    series = pl.Series(texts)
    megabytes = int(series.str.len_bytes().sum()) / 1e6
    redaction = megabytes / _best_seconds(lambda: redact(series))
    parsing = megabytes / _best_seconds(lambda: [msgspec.json.decode(text) for text in texts])
    changed = int((redact(series) != series).sum())
    print(f"{len(texts)} texts, {megabytes:.1f} MB, {changed} held secrets")
    print(f"redaction      {redaction:7.1f} MB/s a core")
    print(f"msgspec parse  {parsing:7.1f} MB/s a core")
    print(f"redaction / parse  {redaction / parsing:.2f}")
    collect(Figure("redaction, one core", redaction, "MB/s"), Figure("  to a bare parse", redaction / parsing, ""))


if __name__ == "__main__":
    main()
