"""Pull requests, and what a code host can do with them.

Belongs here: the shapes every host shares. Does not: how one of them is spoken to (github, gh, bare), or when a fix is
proposed (the actions).
"""

from dataclasses import dataclass
from typing import Literal, Protocol

State = Literal["open", "closed", "merged"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a pull request is to say; `branch` has been pushed already and is to be merged into `base`."""

    title: str
    body: str
    branch: str
    base: str
    draft: bool = True


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request as its host has it; `note` is a sentence for a person where something is not as was asked.

    `head_sha` is the newest commit of its branch; `merge_sha` the commit on the base that has it, empty until then.
    """

    url: str
    number: int | None
    state: State
    head_sha: str
    merge_sha: str
    note: str = ""


class CodeHost(Protocol):
    """Where pull requests of one repository are; everything raises `code_host_refused`."""

    @property
    def name(self) -> str:
        """Which kind: gh, github or local."""

    def find(self, branch: str) -> PullRequest | None:
        """The latest pull request of a branch of this repository, whatever its state; never one of a fork."""

    def open(self, proposal: Proposal) -> PullRequest:
        """Open one; where one is open already it is updated."""

    def update(self, pull_request: PullRequest, proposal: Proposal) -> PullRequest:
        """Say the title and body anew. Draft or ready, open or closed stay as people left them."""
