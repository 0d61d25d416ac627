"""What is known of the sources of one commit: which terms stand in which file, routes, imports, changes, owners.

An index is made once a commit and kept as a file, so it holds plain values only. Belongs here: making one. Does not:
reading git (retrace_resources.repository), or what follows from it for an incident (ranking).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from retrace_assets.culprits.imports import Modules, aliases_of, is_script_config, specifiers_of
from retrace_assets.culprits.owners import OWNERS_FILES, OwnerRule, is_owners_file, owner_rules
from retrace_assets.culprits.postings import Postings, PostingsBuilder
from retrace_assets.culprits.routes.compose import compose
from retrace_assets.culprits.routes.route import Route
from retrace_assets.culprits.routes.table import Table
from retrace_assets.culprits.routes.tables import table_of
from retrace_assets.culprits.source_files import MOST_BYTES, is_source, is_translation, is_written
from retrace_assets.culprits.words import raw_words, terms_of_name, terms_of_text
from retrace_resources.repository import REGULAR_FILES, Change, TreeFile

CODE_VERSION: Final = "1"
"""Goes up with what an index holds, and with what a ranking makes of it."""


class SourceIndex(msgspec.Struct, frozen=True, kw_only=True):
    """The sources of a commit. Documents of `words` and `names` are places in `paths`, those of `told` in `changes`.

    `imports` has the places of the files each file uses, `translations` the files with the texts of the interface.
    """

    code_version: str
    commit: str
    paths: list[str]
    words: Postings
    names: Postings
    imports: list[list[int]]
    routes: list[Route]
    translations: list[str]
    changes: list[Change]
    told: Postings
    owners: list[OwnerRule]


def worth_reading(files: Iterable[TreeFile]) -> list[str]:
    """Which files of a commit an index is made of, by name and size."""
    return [
        file.path
        for file in files
        if file.mode in REGULAR_FILES
        and 0 < file.size <= MOST_BYTES
        and (is_source(file.path) or is_script_config(file.path) or is_owners_file(file.path))
    ]


class Gathered:
    """What is known of some files; what needs all files (imports, mounts) is kept as it is written."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.words, self.names = PostingsBuilder(terms_of_name), PostingsBuilder(terms_of_name)
        self.specifiers: list[list[list[str]]] = []
        self.tables: dict[int, Table] = {}
        self.aliases: dict[str, str] = {}
        self.owners: dict[str, list[OwnerRule]] = {}

    def add(self, path: str, content: bytes) -> None:
        """Take the next file."""
        if is_script_config(path):
            self.aliases |= aliases_of(path, content)
        elif is_owners_file(path):
            self.owners[path] = owner_rules(content)
        elif is_written(content):
            self._add_source(path, content)

    def extend(self, later: "Gathered") -> None:
        """Take the files of another one after its own."""
        first = len(self.paths)
        self.tables |= {first + place: table for place, table in later.tables.items()}
        self.paths += later.paths
        self.specifiers += later.specifiers
        self.words.extend(later.words)
        self.names.extend(later.names)
        self.aliases |= later.aliases
        self.owners |= later.owners

    def _add_source(self, path: str, content: bytes) -> None:
        if table := table_of(path, content):
            self.tables[len(self.paths)] = table
        self.paths.append(path)
        self.specifiers.append(list(specifiers_of(path, content)))
        self.names.add(_words_of_path(path))
        self.words.add(raw_words(content))


def gather(contents: Iterable[tuple[str, bytes]]) -> Gathered:
    """Read files one after the other; several processes may each do so with some of a commit's."""
    gathered = Gathered()
    for path, content in contents:
        gathered.add(path, content)
    return gathered


def index_sources(
    commit: str, gathered: Gathered, changes: Sequence[Change] = (), files: Iterable[TreeFile] = ()
) -> SourceIndex:
    """Index what was gathered of all that is `worth_reading`; `files` are all of the commit, `changes` its past."""
    modules = Modules(gathered.paths, gathered.aliases)
    return SourceIndex(
        code_version=CODE_VERSION,
        commit=commit,
        paths=gathered.paths,
        words=gathered.words.build(),
        names=gathered.names.build(),
        imports=[modules.imported(*each) for each in zip(gathered.paths, gathered.specifiers, strict=True)],
        routes=compose(gathered.paths, gathered.tables, modules),
        translations=[file.path for file in files if file.size <= MOST_BYTES and is_translation(file.path)],
        changes=list(changes),
        told=_told(changes),
        owners=next((gathered.owners[path] for path in OWNERS_FILES if path in gathered.owners), []),
    )


def _words_of_path(path: str) -> Counter[bytes]:
    """The words of the folders and of the name of a file, without its endings."""
    folder, _, name = path.rpartition("/")
    return raw_words(f"{folder}/{name.partition('.')[0]}".replace("-", "_").encode("utf-8", "replace"))


def _told(changes: Iterable[Change]) -> Postings:
    """What was said of each change, by terms as they are."""
    told = PostingsBuilder(lambda term: (term,))
    for change in changes:
        terms = terms_of_text(change.subject)
        told.add(Counter({term.encode("utf-8", "replace"): count for term, count in terms.items()}))
    return told.build()
