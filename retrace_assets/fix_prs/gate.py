"""The gate: which patches are admitted, by what they change. It asks no model and believes no agent.

Belongs here: the questions, in one place, over changes as git reports them. Does not: making the patch or applying it
(retrace_resources.work_copy), what comes of running it (stage), the lists (path_rules, line_rules).
"""

import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from retrace_assets.fix_prs.line_rules import (
    deceiving_character,
    is_deceiving,
    network_address,
    program_call,
    secret_in,
)
from retrace_assets.fix_prs.path_rules import is_gits, is_outside, location_codes, matches
from retrace_assets.fix_prs.refusal import Refusal, RefusalCode
from retrace_core.patch import ABSENT, EXECUTABLE, LINK, SUBMODULE, FileChange
from retrace_resources.settings_schema import Fix

__all__ = ["Policy", "Refusal", "RefusalCode", "policy_of", "refusals"]

# What a line has on average in a patch of the largest size: long lines are no way around the limit.
_LINE_BYTES: Final = 200
_MOST_QUOTED: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a person set: sizes, the folder of the tests that judge, and paths that are opened or closed.

    A path is a file, a folder with all below, or a pattern in which `*` stands for any characters, `/` too. What is
    denied stays so though it is allowed.
    """

    most_files: int
    most_lines: int
    spec_folder: str
    allow_paths: tuple[str, ...] = ()
    deny_paths: tuple[str, ...] = ()


def policy_of(fix: Fix) -> Policy:
    """The policy as the configuration has it."""
    return Policy(
        most_files=fix.most_files,
        most_lines=fix.most_lines,
        spec_folder=fix.spec_folder,
        allow_paths=fix.allow_paths,
        deny_paths=fix.deny_paths,
    )


def refusals(
    changes: Sequence[FileChange], policy: Policy, existing_paths: Collection[str] = ()
) -> tuple[Refusal, ...]:
    """Every reason against a patch, none when it is admitted; `existing_paths` are those of the commit it is for."""
    if not changes:
        return (Refusal(RefusalCode.EMPTY_PATCH, "", "no file is changed"),)
    of_files = (refusal for change in changes for refusal in _of_file(change, policy))
    return (*_of_size(changes, policy), *of_files, *_collisions(changes, existing_paths))


def _of_size(changes: Sequence[FileChange], policy: Policy) -> Iterator[Refusal]:
    if len(changes) > policy.most_files:
        yield Refusal(RefusalCode.TOO_MANY_FILES, "", f"{len(changes):,} files, {policy.most_files:,} may be")
    lines = sum(change.added + change.removed for change in changes)
    if lines > policy.most_lines:
        yield Refusal(RefusalCode.TOO_LARGE, "", f"{lines:,} lines, {policy.most_lines:,} may be")
    size, most = sum(len(line) for change in changes for line in change.added_lines), policy.most_lines * _LINE_BYTES
    if size > most:
        yield Refusal(RefusalCode.TOO_LARGE, "", f"{size:,} bytes are added, {most:,} may be")


def _of_file(change: FileChange, policy: Policy) -> Iterator[Refusal]:
    path = _printable(change.path)
    may_do_more = matches(change.path, policy.allow_paths)
    new = () if may_do_more else _of_what_is_new(change)
    for code, why in (*_of_path(change, policy), *_of_mode(change), *_of_lines(change), *new):
        yield Refusal(code, path, why)


def _of_path(change: FileChange, policy: Policy) -> Iterator[tuple[RefusalCode, str]]:
    path = change.path
    if path != _printable(path):
        code = RefusalCode.HIDDEN_CHARACTERS if _is_utf8(path) else RefusalCode.NOT_UTF8
        yield code, "the path itself"
    if is_outside(path):
        yield RefusalCode.OUTSIDE_REPOSITORY, "it is no plain path"
    if is_gits(path):
        yield RefusalCode.GIT_INTERNALS, "git reads it"
    if matches(_folded(path), [_folded(policy.spec_folder)]):
        yield RefusalCode.SPEC_CHANGED, f"it is {change.kind}"
    if matches(_folded(path), map(_folded, policy.deny_paths)):
        yield RefusalCode.DENIED_PATH, "fix.deny_paths lists it"
    if not matches(path, policy.allow_paths):
        for code in location_codes(path, exists=change.kind != "added"):
            yield code, f"it is {change.kind}"


def _of_mode(change: FileChange) -> Iterator[tuple[RefusalCode, str]]:
    modes = {change.old_mode, change.new_mode}
    if LINK in modes:
        yield RefusalCode.SYMLINK, f"it is {change.kind}"
    elif SUBMODULE in modes:
        yield RefusalCode.SUBMODULE, f"it is {change.kind}"
    elif change.new_mode not in {change.old_mode, ABSENT} and (
        change.kind == "modified" or change.new_mode == EXECUTABLE
    ):
        yield RefusalCode.MODE_CHANGE, f"from {change.old_mode} to {change.new_mode}"
    if change.is_binary:
        yield RefusalCode.BINARY, f"it is {change.kind}"


def _of_lines(change: FileChange) -> Iterator[tuple[RefusalCode, str]]:
    lines = []
    for number, line in enumerate(change.added_lines, 1):
        try:
            lines.append(line.decode("utf-8"))
        except UnicodeDecodeError:
            yield RefusalCode.NOT_UTF8, f"added line {number}"
            return
    for number, text in enumerate(lines, 1):
        if found := deceiving_character(text):
            yield RefusalCode.HIDDEN_CHARACTERS, f"{found} in added line {number}"
            break
    if (at := secret_in(lines)) is not None:
        yield RefusalCode.SECRET_ADDED, f"added line {at + 1}"


def _of_what_is_new(change: FileChange) -> Iterator[tuple[RefusalCode, str]]:
    """Ways out of the app that no removed line had: a line that was edited keeps its own."""
    before = b"\n".join(change.removed_lines).decode("utf-8", "replace")
    lines = [line.decode("utf-8", "replace") for line in change.added_lines]
    for code, find in ((RefusalCode.PROGRAM_CALL, program_call), (RefusalCode.NETWORK_ADDRESS, network_address)):
        for number, line in enumerate(lines, 1):
            if (found := find(line)) and found not in before:
                yield code, f"added line {number}: {_printable(found)[:_MOST_QUOTED]}"
                break


def _collisions(changes: Sequence[FileChange], existing_paths: Collection[str]) -> Iterator[Refusal]:
    """New paths that are one with another, or whose folders are, where file systems do not tell case apart."""
    gone = {change.path for change in changes if change.kind == "deleted"}
    known = {_folded(part): part for path in existing_paths if path not in gone for part in _lineage(path)}
    for change in changes:
        if change.kind != "added":
            continue
        for part in _lineage(change.path):
            other = known.setdefault(_folded(part), part)
            if other != part:
                why = f"{_printable(part)!r} beside {_printable(other)!r}"
                yield Refusal(RefusalCode.NAME_COLLISION, _printable(change.path), why)
                break


def _lineage(path: str) -> Iterable[str]:
    """A path with the folders it lies in, outer ones first."""
    parts = path.split("/")
    return ("/".join(parts[:count]) for count in range(1, len(parts) + 1))


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()


def _is_utf8(path: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in path)


def _printable(path: str) -> str:
    """A path as it can be kept and shown: what cannot be seen is written out."""
    return "".join(
        character if _is_utf8(character) and not is_deceiving(character) else f"\\u{ord(character):04x}"
        for character in path
    )
