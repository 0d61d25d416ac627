"""The addresses of a door."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrace_app.actions.workspace import check_base_url, door_url, sentry_dsn
from retrace_core.errors import ErrorCode, RetraceError


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("http://127.0.0.1:8788", "http://rtpk_a@127.0.0.1:8788/7"),
        ("https://example.com/retrace", "https://rtpk_a@example.com/retrace/7"),
        (door_url("http", "::1", 8788), "http://rtpk_a@[::1]:8788/7"),
    ],
)
def test_dsn_has_the_key_as_user_and_the_number_at_the_end(base_url: str, expected: str) -> None:
    assert sentry_dsn(base_url, "rtpk_a", 7) == expected


@given(st.text(alphabet=" \"'`$\\<>&;|()\n/.~-ab", max_size=8))
def test_base_url_that_is_taken_needs_no_quoting_in_a_page_or_a_shell(rest: str) -> None:
    with suppress(RetraceError):
        taken = check_base_url("https://example.com/" + rest)
        assert not set(taken) & set(" \"'`$\\<>&;|()\n")
        assert not taken.endswith("/")


@pytest.mark.parametrize("url", ["example.com", "javascript:alert(1)", 'https://a"b', "https://a/b?c", "https://a/\n"])
def test_base_url_is_refused_when_it_could_not_be_pasted(url: str) -> None:
    with pytest.raises(RetraceError) as refusal:
        check_base_url(url)

    assert refusal.value.code is ErrorCode.INVALID_PAYLOAD
