"""Which servers are the app's own: a test calls no others.

Belongs here: telling hosts apart. Does not: blocking (traffic).
"""

import ipaddress
from urllib.parse import urlsplit


def is_own(url: str, app_url: str, allowed: frozenset[str] = frozenset()) -> bool:
    """Whether a URL is of the app: its host, one of its domain, any loopback port of a local app, or allowed."""
    host, own = urlsplit(url).hostname or "", urlsplit(app_url).hostname or ""
    if host in allowed or host == own:
        return True
    if _is_loopback(own):
        return _is_loopback(host)
    return _domain(host) == _domain(own) != ""


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _domain(host: str) -> str:
    """The last two labels of a name: `api.shop.example` and `shop.example` are one app's. Nothing for an address."""
    labels = host.split(".")
    return "" if len(labels) < 2 or labels[-1].isdigit() else ".".join(labels[-2:])
