"""A real Chromium for the shop's pages."""

from tests.browsers import browser, browsers

__all__ = ["browser", "browsers"]
