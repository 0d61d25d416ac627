"""The part of GitHub's published description of its REST API that is used here, version 2022-11-28.

Operations repos/get, pulls/list, pulls/create and pulls/update of github/rest-api-description; which properties a body
may have is left open there, as it is here.
"""

from typing import Any, Final

VERSION: Final = "2022-11-28"

CREATE: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["head", "base"],
    "properties": {
        "title": {"type": "string"},
        "head": {"type": "string"},
        "head_repo": {"type": "string", "format": "repo.nwo"},
        "base": {"type": "string"},
        "body": {"type": "string"},
        "maintainer_can_modify": {"type": "boolean"},
        "draft": {"type": "boolean"},
        "issue": {"type": "integer", "format": "int64"},
    },
}

UPDATE: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "body": {"type": "string"},
        "state": {"type": "string", "enum": ["open", "closed"]},
        "base": {"type": "string"},
        "maintainer_can_modify": {"type": "boolean"},
    },
}

LIST: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "state": {"enum": ["open", "closed", "all"]},
        "head": {"type": "string", "pattern": "^[^:]+:.+$"},
        "base": {"type": "string"},
        "sort": {"enum": ["created", "updated", "popularity", "long-running"]},
        "direction": {"enum": ["asc", "desc"]},
        "per_page": {"type": "string", "pattern": "^([1-9][0-9]?|100)$"},
        "page": {"type": "string", "pattern": "^[0-9]+$"},
    },
}
