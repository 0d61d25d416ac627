"""Whose a request is, and what kind of thing it asks for."""

import pytest

from retrace_assets.signals.requests import is_web_address, requests_of
from tests.retrace_assets.signals.recordings import events_frame, request


@pytest.mark.parametrize(
    ("url", "page", "own"),
    [
        pytest.param("/api/orders", "https://shop.example/", True, id="relative"),
        pytest.param("https://api.shop.example/orders", "https://www.shop.example/", True, id="its other host"),
        pytest.param("http://localhost:8000/orders", "http://localhost:3000/", True, id="another port"),
        pytest.param("//shop.example/orders", "https://shop.example/", True, id="without a scheme"),
        pytest.param("https://user@shop.example/orders", "https://shop.example/", True, id="with a user"),
        pytest.param("https://tracker.test/b", "https://shop.example/", False, id="another site"),
        pytest.param("https://b.co.uk/x", "https://a.co.uk/", False, id="two owners under one suffix"),
        pytest.param("https://b.github.io/x", "https://a.github.io/", False, id="two owners on one host"),
        pytest.param("http://10.0.0.1/x", "http://127.0.0.1/", False, id="addresses that end alike"),
        pytest.param("https://[bad", "https://shop.example/", True, id="unreadable"),
        pytest.param("https://tracker.test/b", None, True, id="an unknown page"),
        pytest.param(None, None, True, id="nothing known"),
    ],
)
def test_request_is_the_pages_own_by_site(url: str | None, page: str | None, own: bool) -> None:
    frame = events_frame([{**request(1_000), "request_url": url, "url": page}])
    assert requests_of(frame)["own"].to_list() == [own]


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://www.google-analytics.com/g/collect?v=2", "telemetry"),
        ("https://o17.ingest.sentry.io/api/17/envelope/", "telemetry"),
        ("/cdn-cgi/rum", "telemetry"),
        ("/favicon.ico", "file"),
        ("/assets/index-8f3a1b2c.js?v=1", "code_file"),
        ("/.well-known/appspecific/com.chrome.devtools.json", "file"),
        ("/api/collections/7", None),
        ("/api/analytics/reports", None),
        ("/invoices/7.pdf", None),
        ("/orders.json", None),
    ],
)
def test_request_is_told_by_what_it_asks_for(url: str, kind: str | None) -> None:
    row = requests_of(events_frame([request(1_000, url=url)])).row(0, named=True)
    told = {name for name in ("telemetry", "file", "code_file") if row[name]}
    assert told == ({kind, "file"} if kind == "code_file" else {kind} - {None})


@pytest.mark.parametrize(
    ("url", "web"),
    [
        ("https://shop.example/a", True),
        ("/a", True),
        (None, True),
        ("chrome-extension://x/a", False),
        ("blob:x", False),
    ],
)
def test_address_is_of_the_web_unless_its_scheme_says_otherwise(url: str | None, web: bool) -> None:
    frame = events_frame([{**request(1_000), "request_url": url}])
    assert frame.filter(is_web_address()).height == int(web)


def test_duration_that_cannot_be_is_none() -> None:
    rows = requests_of(events_frame([request(9, duration_ms=-1.0), request(9, duration_ms=1e12), request(9)]))
    assert rows["duration_ms"].to_list() == [None, None, 10.0]
    assert (rows["occurred_at"] - rows["started_at"]).dt.total_milliseconds().to_list() == [0, 0, 10]
