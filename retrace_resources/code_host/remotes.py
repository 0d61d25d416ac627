"""What the address of a git remote names: which host, which repository on it.

Belongs here: reading addresses, and keeping the passwords in them out of messages. Does not: `insteadOf` (git resolves
it), or asking a host anything.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import unquote

Kind = Literal["github", "local", "other"]

# What git takes for an address with a scheme, for `host:path`, and for the address of a helper program.
_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_SCP = re.compile(r"(?P<host>\[[^\]/]*\]|[^/:\[]+):(?P<path>.*)", re.DOTALL)
_HELPER = re.compile(r"[a-z0-9+.-]+::", re.IGNORECASE)
_CREDENTIALS = re.compile(r"(?P<scheme>\b[a-z][a-z0-9+.-]*://)[^\s'\"<>]*@", re.IGNORECASE)
_QUERY = re.compile(r"(?P<address>\b[a-z][a-z0-9+.-]*://[^\s'\"<>?#]*)[?#][^\s'\"<>]*", re.IGNORECASE)
_OWNER_AND_NAME = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_DEFAULT_PORTS: Final = {"https": ":443", "http": ":80"}
# GitHub answers ssh on its https port under a name of its own.
_OTHER_NAMES: Final = {"ssh.github.com": "github.com", "www.github.com": "github.com"}


@dataclass(frozen=True, slots=True)
class Remote:
    """Where a remote is: `path` is owner/name on a host, with all its groups, or a folder. Never credentials.

    `host` is in lower case; it has a port where http is spoken on an unusual one.
    """

    kind: Kind
    host: str
    path: str


def remote_of(url: str) -> Remote:
    """What an address names; whatever cannot be read is of another host, with nothing in it."""
    if found := _URL.fullmatch(url):
        return _by_scheme(found["scheme"].lower(), found["rest"])
    if _HELPER.match(url) or not url.strip() or "\0" in url:
        return Remote("other", "", "")
    if found := _SCP.fullmatch(url):
        return _hosted(found["host"].rpartition("@")[2].strip("[]").partition(":")[0], found["path"])
    return Remote("local", "", url)


def without_credentials(text: str) -> str:
    """A text whose addresses have lost user names, passwords, queries and fragments."""
    return _QUERY.sub(r"\g<address>", _CREDENTIALS.sub(r"\g<scheme>", text))


def _by_scheme(scheme: str, rest: str) -> Remote:
    if scheme == "file":
        host, _, path = rest.partition("/")
        is_here = host.lower() in {"", "localhost"} and "\0" not in unquote(path)
        return Remote("local", "", "/" + unquote(path)) if is_here else Remote("other", "", "")
    # A password may hold a slash: whatever stands before the last @ is taken for one.
    host, _, path = rest.rpartition("@")[2].partition("/")
    if scheme in _DEFAULT_PORTS:
        return _hosted(host.removesuffix(_DEFAULT_PORTS[scheme]), re.split(r"[?#]", path)[0])
    # The port of ssh says nothing of where the host answers http.
    return _hosted(host if host.endswith("]") else host.rpartition(":")[0] or host, path)


def _hosted(host: str, path: str) -> Remote:
    host = _OTHER_NAMES.get(host.lower(), host.lower())
    path = unquote(path).strip("/").removesuffix(".git")
    is_github = host == "github.com" or host.endswith(".ghe.com")
    # Two names are all GitHub has, and they become part of addresses: nothing else may.
    if is_github and not is_owner_and_name(path):
        return Remote("github", host, "")
    return Remote("github" if is_github else "other", host, path)


def is_owner_and_name(path: str) -> bool:
    """Whether a path is of GitHub's form, `owner/name`."""
    return bool(_OWNER_AND_NAME.fullmatch(path)) and not {".", ".."} & set(path.split("/"))
