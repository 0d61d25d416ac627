"""What a fix is called: its branch, its commit, the title of its pull request, the file of its test.

Titles of incidents hold words of a page, so all that comes of them here is inert. Belongs here: names. Does not: the
body of a pull request (body).
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from retrace_assets.fix_prompts.inert import markdown_inert

_SLUG_LENGTH: Final = 48
_TITLE_LENGTH: Final = 100
_NO_WORD: Final = re.compile(r"[^a-z0-9]+")

Row = Mapping[str, Any]


def branch_name(incident: Row) -> str:
    """The branch of an incident's fix: `retrace/INC-37HKXD-post-api-orders-answers-500`.

    The same for as long as the incident has its title; a branch that is noted for the incident goes before it.
    """
    slug = _NO_WORD.sub("-", _plain(incident["title"]).lower()).strip("-")[:_SLUG_LENGTH].strip("-")
    return f"retrace/{incident['incident_id']}" + (f"-{slug}" if slug else "")


def request_title(incident: Row) -> str:
    """The title of the pull request."""
    return f"Fix {incident['incident_id']}: {_plain(incident['title'])}"


def commit_message(incident: Row, *, has_patch: bool) -> str:
    """The message of the commit, without its trailers."""
    what = "Fix" if has_patch else "Add the test of"
    return f"{what} {incident['incident_id']}: {_plain(incident['title'])}"


def spec_path(folder: str, spec_id: str) -> str:
    """Where in the repository the test goes."""
    return f"{folder.strip('/')}/{spec_id}.spec.ts"


def _plain(title: object) -> str:
    return markdown_inert(str(title or ""), _TITLE_LENGTH).strip("`").strip() or "a bug"
