"""Writes the reference pages of docs/ from the code: tables, error codes, detectors, configuration.

`python -m docs.generate` writes them; a test fails when a page is stale.
"""

import inspect
import re
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, SecretStr

from retrace_assets.signals.assets import markdown
from retrace_assets.signals.detectors import DETECTORS
from retrace_core.errors import ErrorCode
from retrace_core.tables import TABLES
from retrace_resources.settings import Settings

_FOLDER = Path(__file__).parent
_MADE = "<!-- Made by `python -m docs.generate` from the code. -->\n"


def tables() -> str:
    """Every table of the lake with its columns."""
    parts = [
        "# Tables\n\nAsk them with `retrace sql`. *Facts* are written once, *derived* tables can be rebuilt from them, "
        "*ledgers* are how the pipeline keeps count. All times are UTC.\n"
    ]
    for table in TABLES.values():
        parts.append(
            f"## {table.name}\n\n{table.description} ({table.kind.value})\n\n"
            "| column | type | what it says |\n|---|---|---|"
        )
        rows = [f"| `{column.name}` | {column.type} | {column.description} |" for column in table.columns]
        parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


def errors() -> str:
    """Every error code with its status and sentence."""
    rows = [f"| `{code.value}` | {code.http_status} | {code.sentence} |" for code in ErrorCode]
    heading = "# Error codes\n\nThe same in HTTP answers, on the command line and in the `rejected` table.\n\n"
    return heading + "| code | HTTP | what it means |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def detectors() -> str:
    """Every detector, in the words of its module."""
    parts = ["# Detectors\n\nSwitch them off, or change a threshold, under `detectors:` in config.yaml.\n"]
    for name, detector in DETECTORS.items():
        parts.append(f"## {name}\n\n{markdown(detector.documentation)}\n")
    return "\n".join(parts)


def configuration() -> str:
    """Every key of config.yaml with its default."""
    parts = [
        "# Configuration\n\nEvery key is optional. `RETRACE_<BLOCK>__<KEY>` in the environment or in `.env` overrides "
        "any of them; secrets belong there.\n"
    ]
    for name, field in Settings.model_fields.items():
        block = field.annotation
        if not (inspect.isclass(block) and issubclass(block, BaseModel)):
            continue
        parts.append(f"## {name}\n\n{inspect.getdoc(block)}\n\n| key | default |\n|---|---|")
        rows = [
            f"| `{name}.{key}` | {_default(value.get_default(call_default_factory=True, validated_data={}))} |"
            for key, value in block.model_fields.items()
        ]
        parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


def _default(value: object) -> str:
    if isinstance(value, SecretStr) or value in ("", None, {}, [], ()):
        return "none"
    return f"`{value}`"


PAGES: dict[str, Callable[[], str]] = {
    "tables.md": tables,
    "errors.md": errors,
    "detectors.md": detectors,
    "configuration.md": configuration,
}


def page(name: str) -> str:
    """The text of a page as it should be."""
    return _MADE + "\n" + re.sub(r"\n{3,}", "\n\n", PAGES[name]())


if __name__ == "__main__":
    for page_name in PAGES:
        (_FOLDER / page_name).write_text(page(page_name))
