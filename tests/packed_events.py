"""Events as other recorders squeeze them, made by the rules of their formats."""

import gzip
import json
import zlib
from typing import Any

Json = dict[str, Any]


def packed(event: object) -> str:
    """An event as `@rrweb/packer` sends it."""
    content = {**event, "v": "v1"} if isinstance(event, dict) else event
    return zlib.compress(json.dumps(content, ensure_ascii=False).encode()).decode("latin-1")


def squeezed(event: Json) -> Json:
    """A full snapshot or a mutation as posthog-js sends it."""
    data = event["data"]
    if event["type"] == 2:
        return {**event, "data": _squeezed_text(data), "cv": "2024-10"}
    lists = {name: _squeezed_text(data[name]) for name in ("texts", "attributes", "removes", "adds") if name in data}
    return {**event, "data": {**data, **lists}, "cv": "2024-10"}


def _squeezed_text(value: object) -> str:
    return gzip.compress(json.dumps(value, ensure_ascii=False).encode()).decode("latin-1")
