"""Which code host a repository's pull requests are on.

Belongs here: the choice, from the address of the remote and what is set up. Does not: how a host is spoken to.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import httpx

from retrace_resources.code_host.bare import BareRemote
from retrace_resources.code_host.gh import Gh
from retrace_resources.code_host.github import Github
from retrace_resources.code_host.pull_request import CodeHost
from retrace_resources.code_host.refusals import refused
from retrace_resources.code_host.remotes import Remote, is_owner_and_name, remote_of

_PUBLIC_API: Final = "https://api.github.com"


def code_host_of(
    remote_url: str, *, name: str, token: str, base_url: str, records: Path, environment: Mapping[str, str]
) -> CodeHost | None:
    """The code host of a remote; None where a person has to open the pull request, as on a host that is not GitHub.

    `name` is what the repository is connected as. `base_url` is GitHub's API, or that of an Enterprise server. Raises
    `code_host_refused` where a pull request could be opened, but neither `gh` nor a token is there.
    """
    remote = remote_of(remote_url)
    if remote.kind == "local":
        return BareRemote(Path(remote.path), records / name.replace("/", "--"))
    if not is_owner_and_name(remote.path):
        return None
    gh = Gh(remote.path, environment=environment, host=remote.host)
    if gh.usable():
        return gh
    address = _api_of(remote, base_url)
    if not address:
        return None
    if not token:
        raise refused(
            f"{name} is on {remote.host}, and neither gh is signed in to it nor is there a token",
            f"gh auth login --hostname {remote.host}, or set GITHUB_TOKEN (scope `repo`)",
        )
    return Github(remote.path, token, base_url=address)


def _api_of(remote: Remote, base_url: str) -> str:
    """The REST API of a host; empty where none is known. A token never goes to the API of another host."""
    if remote.kind == "github":
        return f"https://api.{remote.host}" if base_url.rstrip("/") in {"", _PUBLIC_API} else base_url
    try:
        return base_url if httpx.URL(base_url).host.lower() == remote.host.partition(":")[0] else ""
    except httpx.InvalidURL:
        return ""
