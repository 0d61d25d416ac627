"""Small repositories as texts, and what is ranked in them without git."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from retrace_assets.culprits.clues import Clues
from retrace_assets.culprits.ranking import rank
from retrace_assets.culprits.source_index import SourceIndex, gather, index_sources, worth_reading
from retrace_core.culprit import Culprit
from retrace_resources.repository import Change, TreeFile

Sources = Mapping[str, str]


def index_of_sources(sources: Sources, changes: Sequence[Change] = ()) -> SourceIndex:
    """The index of some files."""
    files = [TreeFile(path, len(text.encode()), "100644", "0" * 40) for path, text in sources.items()]
    wanted = worth_reading(files)
    return index_sources("c0ffee", gather((path, sources[path].encode()) for path in wanted), changes, files)


def ranked(sources: Sources, clues: Clues, changes: Sequence[Change] = ()) -> tuple[Culprit, ...]:
    """The files that clues point at."""
    index = index_of_sources(sources, changes)
    return rank(index, clues, lambda paths: [(path, sources[path].encode()) for path in paths])


def routes_of(sources: Sources) -> set[tuple[str, str, str]]:
    """Method, path and answering file of every route."""
    index = index_of_sources(sources)
    return {(route.method, route.path, index.paths[route.file]) for route in index.routes}


def write_repository(
    folder: Path, sources: Sources, *, subject: str = "first", at: str = "2026-11-01T12:00:00Z"
) -> str:
    """Write files into a checkout, made where there is none, and commit them; gives the commit."""
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--initial-branch=main", str(folder))
    for path, text in sources.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", subject, at=at)
    return git(folder, "rev-parse", "HEAD").strip()


def git(folder: Path, *arguments: str, at: str = "2026-11-01T12:00:00Z") -> str:
    """Run git as somebody whose configuration nobody else has."""
    folder.mkdir(parents=True, exist_ok=True)
    who = {
        f"GIT_{role}_{what}": f"{role}@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    environment = {"PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": str(folder), **who}
    environment |= {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at}
    done = subprocess.run(["git", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return done.stdout
