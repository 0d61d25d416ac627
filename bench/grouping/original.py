"""How Retrace's predecessor grouped: one key a session, over all that its detectors found in it.

The key is the sorted detectors, the first of the sorted pages, and the sorted parts of all findings: method, address
and status of requests; message and first stack line of errors; rrweb node ids of clicks. Belongs here: that key. Does
not: when its detectors fire (`bench.detectors.others`), whose rules these are, too.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

Json = dict[str, Any]
Found = tuple[str, str, str]
"""A detector, the page, and the part of the key."""

_RAGE, _RAGE_MS, _DEAD_MS, _MESSAGE_CHARS = 3, 1_000, 2_000, 200
_PLAIN_LINES: Final = ("Error", "TypeError", "ReferenceError")


def key(windows: Sequence[Sequence[Json]]) -> str | None:
    """The key of a session given as the events of its windows; None when nothing was found in it."""
    found = [one for events in windows for one in _found(events)]
    if not found:
        return None
    detectors = ",".join(sorted({detector for detector, _, _ in found}))
    page = min(url for _, url, _ in found)
    return "|".join([detectors, page, *sorted({part for _, _, part in found})])


def _found(events: Sequence[Json]) -> Iterator[Found]:
    url = ""
    run: list[tuple[int, int]] = []
    answers = [event["timestamp"] for event in events if _answers(event)]
    for event in events:
        at, data = event["timestamp"], event["data"]
        if event["type"] == 4:
            url = _page(data["href"])
        elif event["type"] == 6:
            yield from _of_plugin(data, url)
        elif data.get("source") == 0:
            yield from (("error_toast", url, "") for add in data["adds"] if _is_alert(add["node"]))
        elif data.get("source") == 2 and data["type"] == 2:
            node = data["id"]
            run = [click for click in run if click[0] == node and at - click[1] <= _RAGE_MS] + [(node, at)]
            if len(run) == _RAGE:
                yield "rage_click", url, str(node)
            if not any(at <= answer <= at + _DEAD_MS for answer in answers):
                yield "dead_click", url, str(node)


def _answers(event: Json) -> bool:
    return event["data"].get("source") == 0 or "network" in str(event["data"].get("plugin"))


def _is_alert(node: Json) -> bool:
    return bool(node.get("attributes", {}).get("role") == "alert")


def _of_plugin(data: Json, url: str) -> Iterator[Found]:
    plugin, payload = data["plugin"], data["payload"]
    if "network" in plugin and payload["status"] >= 400 and payload["status"] != 401:
        detector = "network_4xx" if payload["status"] < 500 else "network_5xx"
        yield detector, url, f"{payload['method']}|{_page(payload['url'])}|{payload['status']}"
    elif "console" in plugin and payload["level"] in ("error", "assert"):
        yield "console_error", url, " ".join(payload["payload"])[:_MESSAGE_CHARS]
    elif "exception" in plugin:
        lines = (line.strip() for line in payload["stack"].splitlines())
        line = next((line for line in lines if not line.startswith(_PLAIN_LINES)), "")
        yield "console_error", url, f"{payload['message'][:_MESSAGE_CHARS]}|{line[:_MESSAGE_CHARS]}"


def _page(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"
