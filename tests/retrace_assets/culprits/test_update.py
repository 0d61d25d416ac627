"""An incident's row, signals and test are ranked on a commit of a real repository, and kept."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from retrace_assets.culprits.stored_index import KEPT
from retrace_assets.culprits.update import rebuild
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.table import Table
from retrace_core.tables import INCIDENTS, ISSUES, SIGNALS
from retrace_resources.lake import Lake
from tests.retrace_assets.culprits.sources import write_repository

pytestmark = pytest.mark.slow

SHOP = {
    "src/checkout.ts": "export const submit = () => post('/api/orders');\n",
    "src/cart.ts": "export const addVoucher = (cart) => cart.total;\n",
    "server/orders.py": "from flask import Flask\napp = Flask(__name__)\n@app.post('/api/orders')\ndef take(): ...\n",
    ".github/CODEOWNERS": "/server @acme/server\n",
}
EVIDENCE = {
    "error": {
        "level": "error",
        "message": "TypeError: x",
        "stack": "TypeError: x\n at addVoucher (http://l/src/cart.ts:1:9)",
    },
    "element": None,
    "request": None,
}


def add(lake: Lake, table: Table, **values: Any) -> None:
    schema = pl.DataFrame(table.arrow_schema.empty_table()).schema
    row = {**dict.fromkeys(schema), "project_id": "p", "environment_id": "e", **values}
    with lake.transaction() as transaction:
        transaction.append(table, pl.DataFrame([row], schema=schema, orient="row"))


@pytest.fixture
def incident(lake: Lake) -> str:
    """An incident whose request fails."""
    evidence = {"network_failures": [{"method": "POST", "url": "https://shop.example/api/orders?x=1", "status": 500}]}
    add(
        lake,
        INCIDENTS,
        incident_id="INC-AAAAAA",
        aliases=["INC-BBBBBB"],
        issue_ids=["bug_1"],
        title="POST /api/orders answers 500",
        evidence=json.dumps(evidence),
        reproduction="[]",
        first_seen_at=datetime(2026, 11, 20),
    )
    return "INC-AAAAAA"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The repository of the shop."""
    write_repository(tmp_path / "shop", SHOP)
    return tmp_path / "shop"


def paths(lake: Lake) -> list[str]:
    return lake.query("SELECT path FROM culprits ORDER BY rank")["path"].to_list()


def test_an_incident_gets_ranked_files_with_reasons_and_owners(
    lake: Lake, home: Path, shop: Path, incident: str
) -> None:
    report = rebuild(lake, home, "acme/shop", shop, "", "INC-BBBBBB")
    row = lake.query("SELECT * FROM culprits WHERE rank = 1").row(0, named=True)
    assert (row["incident_id"], row["repo"], row["path"]) == (incident, "acme/shop", "server/orders.py")
    assert "it answers POST /api/orders" in row["reasons"]
    assert (row["line"], row["owners"], row["reranked"]) == (3, ["@acme/server"], False)
    assert report.rows_out == len(paths(lake)) == 2
    assert "src/cart.ts" not in paths(lake)


def test_the_stack_of_a_signal_is_a_clue(lake: Lake, home: Path, shop: Path, incident: str) -> None:
    add(lake, ISSUES, issue_id="bug_1", signal_id="sig_1", evidence=json.dumps({"signal_ids": ["sig_1"]}))
    add(lake, SIGNALS, signal_id="sig_1", detector="console_error", evidence=json.dumps(EVIDENCE))
    rebuild(lake, home, "acme/shop", shop, "main", incident)
    assert paths(lake)[0] == "src/cart.ts"


def test_ranking_anew_replaces_what_was_ranked(lake: Lake, home: Path, shop: Path, incident: str) -> None:
    rebuild(lake, home, "acme/shop", shop, "", incident)
    assert rebuild(lake, home, "acme/shop", shop, "", incident).notes["changed"] == 0
    (shop / "server/orders.py").unlink()
    write_repository(shop, {"src/orders.ts": "router.post('/api/orders', take);\n// express\n"})
    rebuild(lake, home, "acme/shop", shop, "", incident)
    assert paths(lake)[0] == "src/orders.ts"
    assert "server/orders.py" not in paths(lake)


def test_an_index_is_made_once_a_commit_and_the_newest_are_kept(
    lake: Lake, home: Path, shop: Path, incident: str
) -> None:
    def indexed() -> object:
        return rebuild(lake, home, "acme/shop", shop, "", incident).notes["indexed"]

    assert [indexed(), indexed()] == [1, 0]
    for number in range(KEPT + 1):
        write_repository(shop, {"src/new.ts": f"export const n = {number};\n"})
        assert indexed() == 1
    kept = list((home / "cache" / "source-index").glob("*.msgpack"))
    assert len(kept) == KEPT
    for file in kept:
        file.write_bytes(b"torn")
    assert indexed() == 1


def unavailable(_prompt: str) -> str:
    raise RetraceError(ErrorCode.MODEL_UNAVAILABLE, "no model")


@pytest.mark.parametrize(
    ("ask", "first", "is_reranked"),
    [
        (lambda _: '{"ranked_files": ["src/checkout.ts"]}', "src/checkout.ts", True),
        (lambda _: '{"ranked_files": ["/etc/passwd"]}', "server/orders.py", False),
        (unavailable, "server/orders.py", False),
    ],
)
def test_a_model_has_the_last_word_on_the_order_if_it_says_one(  # noqa: PLR0917 - fixtures, then the case
    lake: Lake, home: Path, shop: Path, incident: str, ask: Callable[[str], str], first: str, is_reranked: bool
) -> None:
    rebuild(lake, home, "acme/shop", shop, "", incident, ask=ask)
    assert paths(lake)[0] == first
    assert lake.query("SELECT DISTINCT reranked FROM culprits")["reranked"].to_list() == [is_reranked]


def test_a_repository_without_sources_is_refused(lake: Lake, home: Path, tmp_path: Path, incident: str) -> None:
    write_repository(tmp_path / "notes", {"README.md": "# Notes"})
    with pytest.raises(RetraceError) as caught:
        rebuild(lake, home, "acme/notes", tmp_path / "notes", "", incident)
    assert caught.value.code is ErrorCode.REPOSITORY_UNUSABLE


def test_an_incident_that_is_not_known_is_refused(lake: Lake, home: Path, shop: Path) -> None:
    with pytest.raises(RetraceError) as caught:
        rebuild(lake, home, "acme/shop", shop, "", "INC-NONONO")
    assert caught.value.code is ErrorCode.INCIDENT_NOT_FOUND
