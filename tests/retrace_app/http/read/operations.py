"""Every operation of the read API, as its own document tells: a new path cannot be forgotten by these tests."""

from dataclasses import dataclass
from typing import Any

from tests.retrace_app.http.read.conftest import Project

BODIES: dict[str, object] = {
    "/api/incidents/{incident_id}/lifecycle": {"action": "resolve"},
    "/api/issues/{issue_id}/lifecycle": {"action": "resolve"},
    "/api/replays/process": {"limit": 1},
    "/api/onboarding/hosted": {"release": "r1"},
}


@dataclass(frozen=True)
class Operation:
    """A path and a method, with the parameters it documents."""

    method: str
    path: str
    parameters: tuple[dict[str, Any], ...]

    @property
    def name(self) -> str:
        """What to call it in a test's name."""
        return f"{self.method} {self.path}"

    @property
    def body(self) -> object:
        """A body that is in order."""
        return BODIES.get(self.path) if self.method == "POST" else None

    def names(self, where: str) -> list[str]:
        """Its parameters in the path or the query."""
        return [parameter["name"] for parameter in self.parameters if parameter["in"] == where]

    def path_of(self, project: Project) -> str:
        """Its path with the ids of what a project has; a KeyError names one that `learn_ids` does not know."""
        return self.path.format(**{name: project.ids[name] for name in self.names("path")})


def operations(document: dict[str, Any]) -> list[Operation]:
    """Every operation of an OpenAPI document."""
    return [
        Operation(method.upper(), path, tuple(operation.get("parameters", ())))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
