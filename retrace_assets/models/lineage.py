"""Column lineage: which columns of which tables a model's columns come from.

Belongs here: asking sqlglot, which is imported only when a model is materialised (a tenth of a second that no other run
should pay). Does not: how lineage is shown (`assets`).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from retrace_assets.models.model import Model
from retrace_core.tables import TABLES

if TYPE_CHECKING:
    from sqlglot.lineage import Node

# Text that comes from a closed list of words or is a hash of ours: everything else may hold what a page said.
WORDS = frozenset(
    {
        *("project_id", "environment_id", "incident_id", "issue_id", "fingerprint", "batch_id", "replay_id"),
        *("status", "severity", "confidence", "detector", "detectors", "source_kind", "repro_status", "fix_status"),
        *("kind", "closed_by", "flush_type", "stream", "reason"),
    }
)

Lineage = Mapping[str, tuple[tuple[str, str], ...]]


def column_lineage(model: Model, models: Iterable[Model]) -> Lineage:
    """Map each column of a model to the (table, column) pairs its values are made of; a count has none.

    What a column is joined, filtered or grouped by is not part of it.
    """
    from sqlglot.lineage import lineage  # noqa: PLC0415 - see the module's docstring

    schema = {table.name: dict.fromkeys(table.column_names, "VARCHAR") for table in TABLES.values()}
    schema |= {other.name: dict.fromkeys(other.columns, "VARCHAR") for other in models}
    nodes: Any = lineage(None, model.sql, schema, dialect="duckdb")
    return {column: tuple(sorted(set(_sources(node)))) for column, node in nodes.items()}


def holds_page_text(column: str, kind: str, lineage: Lineage) -> bool:
    """Whether a column may show text of a user's page, or a user: every text that is not made of our own words."""
    if "VARCHAR" not in kind and "JSON" not in kind and "BLOB" not in kind:
        return False
    sources = lineage.get(column, ())
    return not sources or any(source not in WORDS for _, source in sources)


def _sources(node: "Node") -> Iterator[tuple[str, str]]:
    from sqlglot import exp  # noqa: PLC0415 - as above

    for part in node.walk():
        if not part.downstream and isinstance(part.expression, exp.Table):
            yield part.expression.name, part.name.rpartition(".")[2]
