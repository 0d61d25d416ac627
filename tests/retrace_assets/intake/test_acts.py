"""What our own recorder says of a visit becomes rows: acts with their controls, and what the browser did."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from retrace_assets.intake.update import drain
from retrace_resources.lake import Lake
from retrace_resources.landing import Landing
from tests.landing_rows import land, meta, plugin, post

TARGET = {"tagName": "BUTTON", "role": "button", "accessibleName": "Pay", "testIdValue": "pay", "css": "#pay"}
CONTROL = {
    "target_tag": "button",
    "target_role": "button",
    "target_name": "Pay",
    "target_test_id": "pay",
    "target_css": "#pay",
    "target_interactive": True,
    "node_id": 7,
}
CART, PAID = "https://shop.test/cart", "https://shop.test/orders/81"


def take_in(home: Path, lake: Lake, *events: dict[str, Any]) -> pl.DataFrame:
    """The rows of one batch, in order."""
    land(home, [post([meta(-1000), *events])])
    drain(lake, Landing(home))
    return lake.query("FROM replay_events ORDER BY sequence, event_index, part")


@pytest.mark.parametrize(
    ("name", "payload", "row"),
    [
        ("hover", {"target": TARGET, "nodeId": 7}, {"kind": "hover", **CONTROL}),
        (
            "key",
            {"key": "Enter", "modifiers": ["ctrl", "shift"], "target": TARGET, "nodeId": 7},
            {"kind": "key", "message": "ctrl+shift+Enter", **CONTROL},
        ),
        (
            "input",
            {"kind": "fill", "value": "4111", "length": 4, "target": TARGET, "nodeId": 7},
            {"kind": "entry", "message": "fill", **CONTROL},
        ),
        (
            "dialog",
            {"type": "confirm", "message": "Really pay?", "answer": False},
            {"kind": "dialog", "level": "confirm", "message": "Really pay?"},
        ),
        ("effect", {"act": "e3", "firstEffectMs": 120}, {"kind": "effect", "duration_ms": 120.0}),
        ("effect", {"act": "e3"}, {"kind": "effect", "duration_ms": None}),
        ("state", {"when": "failure"}, {"kind": "state", "message": "failure"}),
        (
            "storage",
            {"area": "local", "op": "set", "key": "cart"},
            {"kind": "storage", "level": "local", "message": "set cart"},
        ),
        (
            "gap",
            {"reason": "overflow", "fromMs": 1_000, "toMs": 4_500},
            {"kind": "gap", "message": "overflow", "duration_ms": 3500.0},
        ),
        ("gap", {"reason": "lost", "fromMs": 9, "toMs": "?"}, {"kind": "gap", "message": "lost", "duration_ms": None}),
        (
            "exception",
            {"kind": "resource", "message": "img failed", "source": "https://shop.test/a.png"},
            {"kind": "resource_error", "message": "img failed", "request_url": "https://shop.test/a.png"},
        ),
        (
            "exception",
            {"kind": "captured", "message": "Error: handled", "stack": "at pay"},
            {"kind": "console", "level": "error", "message": "Error: handled", "stack": "at pay"},
        ),
    ],
)
def test_an_event_of_the_recorder_becomes_a_row(
    home: Path, lake: Lake, name: str, payload: dict[str, Any], row: dict[str, Any]
) -> None:
    rows = take_in(home, lake, plugin(-500, f"retrace/{name}@1", {**payload, "url": CART}))
    found = rows.row(1, named=True)
    assert {column: found[column] for column in row} == row
    assert found["url"] == CART


def test_an_entry_keeps_what_was_entered_out_of_the_columns(home: Path, lake: Lake) -> None:
    entry = {"kind": "fill", "value": "next-door", "target": TARGET}
    rows = take_in(home, lake, plugin(-500, "retrace/input@1", entry))
    assert "next-door" not in str(rows.rows())


def test_a_navigation_moves_the_page_on_for_all_that_follows(home: Path, lake: Lake) -> None:
    moved = plugin(-500, "retrace/nav@1", {"kind": "push", "from": CART, "to": PAID, "url": CART})
    rows = take_in(home, lake, moved, plugin(-400, "retrace/state@1", {"when": "failure"}))
    assert rows["kind"].to_list() == ["meta", "navigation", "state"]
    assert rows["url"].to_list()[1:] == [PAID, PAID]
    assert rows["route"].to_list()[1:] == ["/orders/:id", "/orders/:id"]
    assert rows.row(1, named=True)["request_url"] == CART


@pytest.mark.parametrize("node", ["7", 7.5, True, 2**70, None])
def test_a_node_that_is_no_number_of_one_is_left_out(home: Path, lake: Lake, node: object) -> None:
    rows = take_in(home, lake, plugin(-500, "retrace/hover@1", {"target": TARGET, "nodeId": node}))
    assert rows.row(1, named=True)["node_id"] is None


def test_plugins_of_other_makers_are_not_taken_for_ours(home: Path, lake: Lake) -> None:
    event = plugin(-500, "retrace/gap@1", {"reason": "overflow"})
    event["data"]["plugin"] = "other/gap@1"
    assert take_in(home, lake, event)["kind"].to_list() == ["meta", "plugin"]
