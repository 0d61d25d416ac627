"""From decoded events to the typed columns of `replay_events`.

Belongs here: gathering the events of many batches and naming what was clicked. Does not: decoding (intake/batches),
what a payload says (intake/payloads), or the recorded DOM (intake/targets).
"""

from dataclasses import dataclass, field

import polars as pl

from retrace_assets.intake.payloads import CUSTOM_READERS, READERS
from retrace_assets.intake.pointer import sharp_turns
from retrace_assets.intake.requests import PageClock, absolute_url, read_requests
from retrace_assets.intake.sessions import PlacedBatch
from retrace_assets.intake.taps import find_taps
from retrace_assets.intake.values import URL_LIMIT, Details, is_legible
from retrace_core.distinct import map_distinct
from retrace_core.events import MOUSE_MOVE, TOUCH_END, Event, EventData, decode_payload
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
    "node_id": pl.Int64,
    "x": pl.Float64,
    "y": pl.Float64,
    "url": pl.String,
}
# Anybody turns once in half a second.
_TURNS_NOTED = 2
_KIND_AT = list(_EVENT_SCHEMA).index("kind")
_MUTATION_SCHEMA: _Schema = dict.fromkeys(("added", "removed", "texts", "attributes"), pl.Int32)
# All other columns: few events fill them, so they are kept as rows and joined at the end.
_DETAIL_SCHEMA: _Schema = {
    name: dtype
    for name, dtype in pl.DataFrame(REPLAY_EVENTS.arrow_schema.empty_table()).schema.items()
    if name not in {*_BATCH_SCHEMA, *_EVENT_SCHEMA, *_MUTATION_SCHEMA, "occurred_at", "route"}
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
class _Acts:
    """What a person did in a batch."""

    clicks: list[Click] = field(default_factory=list)
    # By index of the event: where a finger was lifted, a click if the recorder has no other.
    touch_ends: dict[int, Click] = field(default_factory=dict)
    is_legible: bool = False

    def note(self, kind: str, data: EventData, click: Click) -> None:
        """Take note of an event; `click` is what it would be as one."""
        if kind == "click":
            self.clicks.append(click)
        elif kind == "interaction" and data.type == TOUCH_END:
            self.touch_ends[click.event_index] = click
        elif kind == "input" and data.text and not self.is_legible:
            self.is_legible = is_legible(data.text)


@dataclass(slots=True)
class EventColumns:
    """Gathers the events of many batches; what only a few of them say is kept apart until the end."""

    placed: list[PlacedBatch] = field(default_factory=list)
    rows: list[tuple[object, ...]] = field(default_factory=list)
    mutations: dict[int, tuple[int, ...]] = field(default_factory=dict)
    details: dict[int, Details] = field(default_factory=dict)
    unnamed_clicks: list[Click] = field(default_factory=list)
    # Batches in which somebody typed what the recorder did not mask.
    legible: list[PlacedBatch] = field(default_factory=list)

    def add(self, placed: PlacedBatch) -> None:
        """Add a batch; moves its window's page on."""
        number = len(self.placed)
        self.placed.append(placed)
        window, rows, acts = placed.window, self.rows, _Acts()
        url = window.last_url
        for index, (event, time) in enumerate(zip(placed.batch.events, placed.times_ms, strict=True)):
            if event is None or time is None:
                continue
            kind, data = event.kind, event.data
            if kind in _READ:
                page, parts = _read(event, kind, url, window.page_clock)
                url = page or url
                if kind == "click_target":
                    window.descriptions.append((time, parts[0]))
                    parts = _NOTHING
                for part, detail in enumerate(parts):
                    self.details[len(rows)] = detail
                    happened = int((time + detail.get("shift_ms", 0.0)) * 1000)
                    numbers = _numbers(event, detail.get("node_id"))
                    rows.append((number, index, part, happened, detail.get("kind", kind), *numbers, url))
                continue
            if data is not None:
                if data.href:
                    url = data.href[:URL_LIMIT]
                    window.page_clock.restart()
                elif kind == "mutation":
                    self.mutations[len(rows)] = _counts(data)
                elif kind == "mouse_move":
                    turns = sharp_turns(data.positions) if data.source == MOUSE_MOVE else 0
                    if turns >= _TURNS_NOTED:
                        self.details[len(rows)] = {"pointer_turns": turns}
                elif kind in _ACTS:
                    acts.note(kind, data, Click(len(rows), placed, index, data.id, time))
            rows.append((number, index, 0, int(time * 1000), kind, *_numbers(event), url))
        window.last_url = placed.last_url = url
        if acts.is_legible:
            self.legible.append(placed)
        self._describe(self._clicks(placed, acts), placed)

    def _clicks(self, placed: PlacedBatch, acts: _Acts) -> list[Click]:
        """The clicks of a batch: those recorded, or taps where its recorder does not say `click`."""
        window = placed.window
        window.has_clicks |= bool(acts.clicks)
        if window.has_clicks or not acts.touch_ends:
            return acts.clicks
        taps = [acts.touch_ends[index] for index in find_taps(placed.batch.events, placed.times_ms)]
        for tap in taps:
            row = self.rows[tap.row]
            self.rows[tap.row] = (*row[:_KIND_AT], "click", *row[_KIND_AT + 1 :])
        return taps

    def _describe(self, clicks: list[Click], placed: PlacedBatch) -> None:
        descriptions = placed.window.descriptions
        for click in clicks:
            described = _description(click, descriptions)
            if described is None:
                self.unnamed_clicks.append(click)
            else:
                self.details[click.row] = described
        placed.window.descriptions = _latest(descriptions)

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
        mutations = pl.DataFrame(list(self.mutations.values()), schema=_MUTATION_SCHEMA, orient="row")
        # Positions instead of joins: most rows share their batch's columns and have no details at all.
        return (
            events.hstack(batches.select(pl.exclude("batch").gather(events["batch"])))
            .hstack(_spread(details, list(self.details), events.height))
            .hstack(_spread(mutations, list(self.mutations), events.height))
            .with_columns(
                occurred_at=pl.col("occurred_us").cast(pl.Datetime("us")),
                route=map_distinct(events["url"], route_template),
            )
            .select(REPLAY_EVENTS.column_names)
        )


_NOTHING: list[Details] = [{}]
_READ = frozenset({*READERS, "network", "custom"})
_ACTS = frozenset({"click", "interaction", "input"})


def _read(event: Event, kind: str, url: str | None, clock: PageClock) -> tuple[str | None, list[Details]]:
    """The page that a plugin's or custom event names, if any, and the details of its parts."""
    if event.data is None:
        return None, _NOTHING
    payload = decode_payload(event.data.payload)
    if kind == "network":
        return None, _on_page(read_requests(payload, event.timestamp_ms or 0.0, clock), url)
    if kind == "custom":
        read = CUSTOM_READERS.get(event.data.tag or "")
        return _moved_to(payload, url), _on_page(read(payload), url) if read else _NOTHING
    page = payload.get("to" if kind == "navigation" else "url")
    return page[:URL_LIMIT] if isinstance(page, str) else None, READERS[kind](payload)


def _on_page(requests: list[Details], url: str | None) -> list[Details]:
    for request in requests:
        if "request_url" in request:
            request["request_url"] = absolute_url(request["request_url"], url)
    return requests


def _moved_to(payload: Details, url: str | None) -> str | None:
    """Where a custom event says that a page without loading went: PostHog's page views, Sentry's navigation."""
    href, data = payload.get("href"), payload.get("data")
    if payload.get("category") == "navigation" and isinstance(data, dict):
        href = data.get("to")
        href = absolute_url(href, url) if isinstance(href, str) else None
    return href[:URL_LIMIT] if isinstance(href, str) and "://" in href else None


def _counts(data: EventData) -> tuple[int, ...]:
    """How much of each kind a mutation changes, in the order of _MUTATION_SCHEMA."""
    return (
        len(data.adds or ()),
        len(data.removes or ()),
        len(data.texts or ()),
        len(data.attributes or ()),
    )


def _numbers(event: Event, named_node: object = None) -> tuple[object, ...]:
    """Type, source, node and pointer of an event; the node may be named in its payload instead."""
    kind, data = event.type, event.data
    if not 0 <= kind <= _LARGEST_CODE:
        kind = -1
    if data is None:
        return kind, None, None, None, None
    source, node_id = data.source, data.id
    if node_id is None and type(named_node) is int:
        node_id = named_node
    if source is not None and not 0 <= source <= _LARGEST_CODE:
        source = None
    if node_id is not None and not -_LARGEST_NODE <= node_id <= _LARGEST_NODE:
        node_id = None
    return kind, source, node_id, data.x, data.y


def _spread(rows: pl.DataFrame, positions: list[int], height: int) -> pl.DataFrame:
    """Put rows at their positions in a frame of `height` rows that are null elsewhere."""
    row_at = pl.Series([None], dtype=pl.UInt32).new_from_index(0, height).scatter(positions, range(rows.height))
    return rows.select(pl.all().gather(row_at))


def _latest(descriptions: list[tuple[float, Details]]) -> list[tuple[float, Details]]:
    """Those a click of the next batch may belong to."""
    if not descriptions:
        return descriptions
    newest = max(time for time, _ in descriptions)
    return [(time, details) for time, details in descriptions if newest - time <= CLICK_MATCH_MS]


def _description(click: Click, descriptions: list[tuple[float, Details]]) -> Details | None:
    """The recorder's own description of a click's control: the nearest in time, of the same node if it says so."""
    near = [(abs(time - click.time_ms), detail) for time, detail in descriptions]
    near = [(distance, detail) for distance, detail in near if distance <= CLICK_MATCH_MS]
    same = [(distance, detail) for distance, detail in near if detail.get("node_id") == click.node_id]
    return min(same or near, key=lambda pair: pair[0], default=(0.0, None))[1]
