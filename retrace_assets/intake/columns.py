"""From decoded events to the typed columns of `replay_events`.

Belongs here: gathering the events of many batches and naming what was clicked. Does not: decoding (intake/batches),
what a payload says (intake/payloads), or the recorded DOM (intake/targets).
"""

from dataclasses import dataclass, field

import polars as pl

from retrace_assets.intake.payloads import READERS, URL_LIMIT, Details
from retrace_assets.intake.sessions import PlacedBatch
from retrace_core.distinct import map_distinct
from retrace_core.events import Event, decode_payload
from retrace_core.parametrise import route_template
from retrace_core.tables import REPLAY_EVENTS

# rrweb's click and our description of its control come from one DOM event; original.md §E allows 250 ms.
CLICK_MATCH_MS = 250.0
# Beyond these a number is no rrweb code and no node.
_LARGEST_CODE = 999
_LARGEST_NODE = 2**53

_Schema = dict[str, pl.DataType | type[pl.DataType]]
_BATCH_SCHEMA: _Schema = {
    "batch": pl.Int32,
    "project_id": pl.String,
    "environment_id": pl.String,
    "day": pl.Date,
    "session_id": pl.String,
    "started_at": pl.Datetime("us"),
    "window_id": pl.String,
    "sequence": pl.Int64,
}
_EVENT_SCHEMA: _Schema = {
    "batch": pl.Int32,
    "event_index": pl.Int32,
    "part": pl.Int32,
    "occurred_us": pl.Int64,
    "kind": pl.String,
    "type": pl.Int16,
    "source": pl.Int16,
    "url": pl.String,
    "node_id": pl.Int64,
    "x": pl.Float64,
    "y": pl.Float64,
}
# All other columns: few events fill them, so they are kept as rows and joined at the end.
_DETAIL_SCHEMA: _Schema = {
    name: dtype
    for name, dtype in pl.DataFrame(REPLAY_EVENTS.arrow_schema.empty_table()).schema.items()
    if name not in {*_BATCH_SCHEMA, *_EVENT_SCHEMA, "occurred_at", "route"}
}


@dataclass(slots=True)
class Click:
    """A click: the row it has in the columns, its place in its batch, its node, and when it happened."""

    row: int
    placed: PlacedBatch
    event_index: int
    node_id: int | None
    time_ms: float


@dataclass(slots=True)
class EventColumns:
    """Gathers the events of many batches; what only a few of them say is kept apart until the end."""

    placed: list[PlacedBatch] = field(default_factory=list)
    rows: list[tuple[object, ...]] = field(default_factory=list)
    details: dict[int, Details] = field(default_factory=dict)
    unnamed_clicks: list[Click] = field(default_factory=list)

    def add(self, placed: PlacedBatch) -> None:
        """Add a batch; moves its window's page on."""
        number = len(self.placed)
        self.placed.append(placed)
        url = placed.window.last_url
        clicks: list[Click] = []
        descriptions: list[tuple[float, Details]] = []
        for index, (event, time) in enumerate(zip(placed.batch.events, placed.times_ms, strict=True)):
            if event is None or time is None:
                continue
            kind = event.kind
            if kind == "click":
                node_id = event.data.id if event.data else None
                clicks.append(Click(len(self.rows), placed, index, node_id, time))
            page, parts = _read(event, kind)
            url = page or url
            if kind == "click_target":
                descriptions.append((time, parts[0]))
                parts = _NOTHING
            for part, detail in enumerate(parts):
                if detail:
                    self.details[len(self.rows)] = detail
                self.rows.append((number, index, part, int(time * 1000), kind, *_numbers(event, url)))
        placed.window.last_url = placed.last_url = url
        for click in clicks:
            described = _description(click, descriptions)
            if described is None:
                self.unnamed_clicks.append(click)
            else:
                self.details[click.row] = described

    def frame(self) -> pl.DataFrame:
        """The rows of `replay_events`."""
        batches = pl.DataFrame(
            [
                (
                    number,
                    placed.batch.post.project_id,
                    placed.batch.post.environment_id,
                    placed.day,
                    placed.batch.post.session_id,
                    placed.started_at,
                    placed.batch.post.window_id,
                    placed.batch.post.sequence,
                )
                for number, placed in enumerate(self.placed)
            ],
            schema=_BATCH_SCHEMA,
            orient="row",
        )
        columns = zip(*self.rows, strict=True) if self.rows else [()] * len(_EVENT_SCHEMA)
        events = pl.DataFrame(
            [
                pl.Series(name, column, dtype=dtype)
                for (name, dtype), column in zip(_EVENT_SCHEMA.items(), columns, strict=True)
            ]
        )
        details = pl.DataFrame(
            [
                pl.Series(name, [detail.get(name) for detail in self.details.values()], dtype=dtype)
                for name, dtype in _DETAIL_SCHEMA.items()
            ]
        )
        # Positions instead of joins: most rows share their batch's columns and have no details at all.
        detail_of = pl.Series([None], dtype=pl.UInt32).new_from_index(0, events.height)
        detail_of = detail_of.scatter(list(self.details), range(details.height))
        return (
            events.hstack(batches.select(pl.exclude("batch").gather(events["batch"])))
            .hstack(details.select(pl.all().gather(detail_of)))
            .with_columns(
                occurred_at=pl.col("occurred_us").cast(pl.Datetime("us")),
                route=map_distinct(events["url"], route_template),
            )
            .select(REPLAY_EVENTS.column_names)
        )


_NOTHING: list[Details] = [{}]


def _read(event: Event, kind: str) -> tuple[str | None, list[Details]]:
    """The page an event names, if any, and the details of its parts."""
    data = event.data
    if data is None:
        return None, _NOTHING
    reader = READERS.get(kind)
    if reader is not None:
        payload = decode_payload(data.payload)
        page = payload.get("url") if kind != "network" else None
        return page[:URL_LIMIT] if isinstance(page, str) else None, reader(payload)
    if kind == "mutation":
        counts = {
            "added": len(data.adds or ()),
            "removed": len(data.removes or ()),
            "texts": len(data.texts or ()),
            "attributes": len(data.attributes or ()),
        }
        return None, [counts]
    return data.href[:URL_LIMIT] if data.href else None, _NOTHING


def _numbers(event: Event, url: str | None) -> tuple[object, ...]:
    """Type, source, page, node and pointer of an event."""
    data = event.data
    kind = event.type if 0 <= event.type <= _LARGEST_CODE else -1
    if data is None:
        return kind, None, url, None, None, None
    source = data.source if data.source is not None and 0 <= data.source <= _LARGEST_CODE else None
    node_id = data.id if data.id is not None and abs(data.id) <= _LARGEST_NODE else None
    return kind, source, url, node_id, data.x, data.y


def _description(click: Click, descriptions: list[tuple[float, Details]]) -> Details | None:
    """The recorder's own description of a click's control: the nearest in time, of the same node if it says so."""
    near = [(abs(time - click.time_ms), detail) for time, detail in descriptions]
    near = [(distance, detail) for distance, detail in near if distance <= CLICK_MATCH_MS]
    same = [(distance, detail) for distance, detail in near if detail.get("node_id") == click.node_id]
    return min(same or near, key=lambda pair: pair[0], default=(0.0, None))[1]
