"""CODEOWNERS: the last rule that matches counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrace_assets.culprits.owners import owner_rules, owners_of

RULES = b"""
# Everything, unless a later rule says so.
*       @acme/all
*.js    @acme/js me@example.org
/build/logs/ @acme/logs
docs/*  @acme/docs
apps/   @acme/apps
/apps/github
/web/**/cart @acme/cart
[Section][2] @acme/section
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("README.md", ("@acme/all",)),
        ("lib/a.js", ("@acme/js", "me@example.org")),
        ("build/logs/deep/x.txt", ("@acme/logs",)),
        ("other/build/logs/x.txt", ("@acme/all",)),
        ("docs/a.md", ("@acme/docs",)),
        ("docs/deep/a.md", ("@acme/all",)),
        ("x/apps/a.py", ("@acme/apps",)),
        ("apps/github/a.py", ()),
        ("web/x/y/cart/a.ts", ("@acme/cart",)),
    ],
)
def test_owners_are_those_of_the_last_rule_that_matches(path: str, owners: tuple[str, ...]) -> None:
    assert owners_of(path, owner_rules(RULES)) == owners


@given(st.text(alphabet="*?/a[]\\ #!@\n", max_size=80))
def test_any_rules_are_read(text: str) -> None:
    owners_of("a/a/a/a/a/a/a/a/a/a/a/a.py", owner_rules(text.encode()))


def test_a_rule_of_wildcards_without_end_is_left_out() -> None:
    assert owner_rules(b"*a*a*a*a*a*a*a*a*a*a*b @x") == []
