"""Every reason for which a patch is not admitted, by name.

Belongs here: a code and its sentence. Does not: finding one (gate), or trying the patch out (stage).
"""

from dataclasses import dataclass
from enum import StrEnum


class RefusalCode(StrEnum):
    """A stable code with the sentence a person reads."""

    sentence: str

    def __new__(cls, code: str, sentence: str) -> "RefusalCode":
        """Make a member whose value is its code."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.sentence = sentence
        return member

    # How much it is.
    EMPTY_PATCH = ("empty_patch", "The patch changes nothing.")
    TOO_MANY_FILES = ("too_many_files", "The patch changes more files than fix.most_files.")
    TOO_LARGE = ("too_large", "The patch changes more lines than fix.most_lines, or very long ones.")

    # What git would make of it. Nothing lifts these.
    DOES_NOT_APPLY = ("does_not_apply", "The patch does not apply to the commit it is for.")
    OUTSIDE_REPOSITORY = ("outside_repository", "The path leads out of the repository, or is no plain path.")
    GIT_INTERNALS = ("git_internals", "The path is git's own, or tells git how to treat other files.")
    SYMLINK = ("symlink", "Links are not made, changed or removed.")
    SUBMODULE = ("submodule", "Submodules are not made, changed or removed.")
    MODE_CHANGE = ("mode_change", "Files are not made executable, nor is their mode changed.")
    BINARY = ("binary", "What is no text cannot be reviewed.")
    NAME_COLLISION = ("name_collision", "On some file systems the path is one with another that differs in case only.")

    # Whose file it is. `fix.allow_paths` lifts these.
    CI_OR_WORKFLOW = ("ci_or_workflow", "The file decides what runs in CI or is deployed.")
    HOOK = ("hook", "The file runs when somebody uses git.")
    LOCK_FILE = ("lock_file", "The file pins what is installed.")
    BUILD_FILE = ("build_file", "The file decides what is installed, built or run on other machines.")
    DOTFILE = ("dotfile", "Files and folders whose name starts with a dot configure tools and hold secrets.")
    AGENT_INSTRUCTIONS = ("agent_instructions", "The file is read by coding agents as instructions.")
    TEST_CHANGED = ("test_changed", "An existing test, a snapshot, or how tests run would be changed.")

    # The judge itself, and what a person closed. Nothing lifts these.
    SPEC_CHANGED = ("spec_changed", "The tests in fix.spec_folder judge the patch and are not its to change.")
    DENIED_PATH = ("denied_path", "The path is listed in fix.deny_paths.")

    # What the added lines say. Nothing lifts these.
    NOT_UTF8 = ("not_utf8", "An added line or the path is no UTF-8.")
    HIDDEN_CHARACTERS = ("hidden_characters", "Control, invisible or direction-changing characters deceive a reviewer.")
    SECRET_ADDED = ("secret_added", "An added line holds what looks like a secret.")

    # What they do anew. `fix.allow_paths` lifts these.
    PROGRAM_CALL = ("program_call", "An added line starts a program or runs text as code.")
    NETWORK_ADDRESS = ("network_address", "An added line names another machine.")

    # What came of trying it.
    NOT_RED_BEFORE = ("not_red_before", "The test of the incident is not red without the patch.")
    VALIDATION_FAILED = ("validation_failed", "The repository's own validation fails with the patch.")
    STILL_RED = ("still_red", "The test of the incident is still red with the patch.")
    NOT_GREEN = ("not_green", "The test of the incident came to no verdict with the patch.")
    NOT_STARTED = ("not_started", "The app does not start with the patch.")
    TURNED_RED = ("turned_red", "Another test turned red with the patch.")


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason: its code, the file it is about (empty for the whole patch), and what was found."""

    code: RefusalCode
    path: str
    why: str
