"""What a hijacked agent may ask of a model: an answer, and nothing that makes the provider fetch or send.

A provider's own tools (web search, remote MCP servers) and content given by its address would be a way out of a sandbox
that has no other. Belongs here: one request's body, rewritten or refused. Does not: carrying it (model_proxy).
"""

from collections.abc import Iterator
from typing import Any, Final

# Tools that whoever asked carries out itself, by their type in the APIs of OpenAI and Anthropic; no type is Anthropic's
# word for a function. All others run at the provider.
_OWN_TOOLS: Final = ("", "function", "custom", "local_shell", "apply_patch", "bash_", "text_editor_", "memory_")
# Settings by which the provider opens a connection, goes on after the answer, or asks another model.
_DROPPED: Final = frozenset(
    {"background", "connectors", "container", "mcp_servers", "models", "plugins", "prompt", "web_search_options"}
)
_CONTENT_TYPES: Final = frozenset({"image", "image_url", "input_image", "document", "file", "input_file", "video_url"})
_ADDRESSES: Final = frozenset({"url", "image_url", "file_url", "file_data", "video_url"})
# Requests nest by messages, parts and arguments of tools.
_MOST_DEPTH: Final = 60


def only_asking(body: dict[str, Any], model: str) -> dict[str, Any]:
    """The request without a provider's own tools, for the model a person has chosen; raises ValueError to refuse it.

    An agent asks for cheap models too, and one that was talked into something would ask for dear ones.
    """
    if any(_is_remote(part) for part in _parts(body, 0)):
        raise ValueError("content must be in the request, not behind an address")
    kept = {name: value for name, value in body.items() if name not in _DROPPED}
    if model:
        kept["model"] = model
    tools, choice = kept.pop("tools", None), kept.pop("tool_choice", None)
    own = [tool for tool in tools if _is_own(tool)] if isinstance(tools, list) else []
    # A choice among no tools is a mistake to a provider.
    return kept | ({"tools": own} | ({"tool_choice": choice} if choice else {}) if own else {})


def _is_own(tool: object) -> bool:
    kind = tool.get("type") or "" if isinstance(tool, dict) else None
    return isinstance(kind, str) and any(
        kind.startswith(known) if known.endswith("_") else kind == known for known in _OWN_TOOLS
    )


def _parts(value: object, depth: int) -> Iterator[dict[str, Any]]:
    """Every object in a request."""
    if depth > _MOST_DEPTH:
        raise ValueError("it nests too deeply")
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _parts(each, depth + 1)


def _is_remote(part: dict[str, Any]) -> bool:
    if part.get("type") not in _CONTENT_TYPES:
        return False
    inner = (value for value in part.values() if isinstance(value, dict))
    return any(
        isinstance(value, str) and value.strip().lower().startswith(("http:", "https:"))
        for each in (part, *inner)
        for name, value in each.items()
        if name in _ADDRESSES
    )
