"""Specs as files that people open: `ui-tests/specs/<spec_id>.json`, and beside it what is proposed in its place.

Belongs here: where they lie, reading and writing them whole. Does not: their shape (retrace_core.spec), or when one is
made or proposed (retrace_assets.specs).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from retrace_core.api_spec import ApiSpec
from retrace_core.api_spec_file import read_api_spec, write_api_spec
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.spec import Spec
from retrace_core.spec_file import read_spec, write_spec
from retrace_resources.whole_file import write_whole

_SUFFIX = ".json"
_PROPOSED = ".proposed.json"


class Named(Protocol):
    """Whatever has the id its file is named by."""

    @property
    def spec_id(self) -> str:
        """Letters, digits, `_` and `-`."""


SpecT = TypeVar("SpecT", bound=Named)


@dataclass(frozen=True)
class SpecFiles(Generic[SpecT]):
    """The specs of one kind in one folder; reading raises `invalid_spec` for a file that is not one."""

    folder: Path
    decode: Callable[[bytes], SpecT]
    encode: Callable[[SpecT], bytes]

    def path(self, spec_id: str) -> Path:
        """Where a spec lies, whether or not it does."""
        return self.folder / f"{spec_id}{_SUFFIX}"

    def find(self, spec_id: str) -> SpecT | None:
        """Read a spec, or None where there is none."""
        return self._read(self.path(spec_id))

    def read(self, spec_id: str) -> SpecT:
        """Read a spec; raises `spec_not_found`."""
        found = self.find(spec_id)
        if found is None:
            raise RetraceError(
                ErrorCode.SPEC_NOT_FOUND, f"there is no {self.path(spec_id)}", hint="retrace tester list"
            )
        return found

    def proposal(self, spec_id: str) -> SpecT | None:
        """Read what is proposed in a spec's place."""
        return self._read(self._proposed(spec_id))

    def ids(self) -> list[str]:
        """Every spec there is, by its id."""
        names = (path.name for path in self.folder.glob(f"*{_SUFFIX}"))
        return sorted(name.removesuffix(_SUFFIX) for name in names if not name.endswith(_PROPOSED))

    def keep(self, spec: SpecT) -> None:
        """Write a spec in the place of the one before."""
        write_whole(self.path(spec.spec_id), self.encode(spec))

    def write(self, spec: SpecT) -> None:
        """Write a spec, which answers what was proposed."""
        self.keep(spec)
        self.withdraw(spec.spec_id)

    def propose(self, spec: SpecT) -> None:
        """Lay a spec beside the one a person edited."""
        write_whole(self._proposed(spec.spec_id), self.encode(spec))

    def withdraw(self, spec_id: str) -> None:
        """Take away what was proposed."""
        self._proposed(spec_id).unlink(missing_ok=True)

    def _proposed(self, spec_id: str) -> Path:
        return self.folder / f"{spec_id}{_PROPOSED}"

    def _read(self, path: Path) -> SpecT | None:
        # An id may come from a person: it must not lead out of the folder.
        if path.parent != self.folder:
            return None
        try:
            content = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise RetraceError(ErrorCode.INVALID_SPEC, f"{path} cannot be read: {error.strerror}") from error
        try:
            return self.decode(content)
        except RetraceError as error:
            raise RetraceError(error.code, f"{path}: {error.detail}", hint=error.hint) from None


def ui_specs(home: Path) -> SpecFiles[Spec]:
    """The UI specs of a home."""
    return SpecFiles(home / "ui-tests" / "specs", read_spec, write_spec)


def api_specs(home: Path) -> SpecFiles[ApiSpec]:
    """The API specs of a home."""
    return SpecFiles(home / "api-tests" / "specs", read_api_spec, write_api_spec)
