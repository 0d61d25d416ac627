"""A value the recording does not hold gets a kind, a variable, and an example the browser takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrace_assets.specs.values import input_of, is_kept, kind_of
from retrace_core.nodes import Node
from retrace_core.spec import InputKind
from tests.recorded_pages import Json, element, page


def field(attributes: Json, tag: str = "input") -> Node:
    node = page(element(10, tag, attributes)).node(10)
    assert node is not None
    return node


@pytest.mark.parametrize(
    ("attributes", "name", "signs_in", "kind"),
    [
        ({"type": "email"}, "E-mail", False, "email"),
        ({"type": "email"}, "E-mail", True, "username"),
        ({"type": "password"}, "Anything", True, "password"),
        ({"type": "text", "autocomplete": "current-password"}, "", False, "password"),
        ({"type": "tel"}, "Phone", False, "tel"),
        ({"type": "text", "name": "phone"}, "", False, "tel"),
        ({"type": "number"}, "How many", False, "number"),
        ({"type": "date"}, "When", False, "date"),
        ({"type": "text", "name": "cvc"}, "", False, "code"),
        ({"type": "text"}, "API key", False, "secret"),
        ({"type": "text"}, "City", False, "text"),
        ({"type": "text"}, "User name", True, "username"),
    ],
)
def test_kind_is_told_by_type_and_words(attributes: Json, name: str, signs_in: bool, kind: str) -> None:
    assert kind_of(field(attributes), name, signs_in=signs_in) == kind


@pytest.mark.parametrize(
    ("text", "kind", "kept"),
    [
        ("rope", "text", True),
        ("3", "number", True),
        ("kim@example.com", "text", False),
        ("rope", "password", False),
        ("040 555 01", "tel", False),
        ("x" * 300, "text", False),
        ("sk_live_4eC39HqLyjWDarjtT1zdp7dc", "text", False),
    ],
)
def test_what_may_be_personal_is_not_kept(text: str, kind: InputKind, kept: bool) -> None:
    assert is_kept(text, kind) is kept


def test_who_signs_in_and_how_are_the_runs_to_say() -> None:
    for kind in ("username", "password"):
        name, wanted = input_of(field({"type": "text", "name": "login"}), kind, "Login", 8)  # type: ignore[arg-type]

        assert (name, wanted.env, wanted.example) == (kind, f"RETRACE_TESTER_AUTH_{kind.upper()}", "")


def test_secret_has_no_example() -> None:
    assert input_of(field({"name": "token"}), "secret", "API token", 20)[1].example == ""


@pytest.mark.parametrize(
    ("attributes", "kind", "length", "example"),
    [
        ({"name": "mail"}, "email", 20, "kim@example.com"),
        ({"name": "zip"}, "text", 5, "20457"),
        ({"name": "cc-number"}, "secret", 16, "4242 4242 4242 4242"),
        ({"name": "guests", "min": "2", "max": "9"}, "number", 1, "2"),
        ({"name": "guests", "max": "5"}, "number", 3, "5"),
        ({"name": "otp"}, "code", 6, "123456"),
    ],
)
def test_example_is_one_the_field_takes(attributes: Json, kind: InputKind, length: int, example: str) -> None:
    assert input_of(field(attributes), kind, "", length)[1].example == example


@given(most=st.integers(1, 80), length=st.integers(1, 200))
def test_example_is_never_longer_than_the_field(most: int, length: int) -> None:
    example = input_of(field({"name": "about", "maxlength": str(most)}), "text", "About", length)[1].example

    assert 0 < len(example) <= most


@given(least=st.integers(1, 60))
def test_example_is_never_shorter_than_the_field_wants(least: int) -> None:
    example = input_of(field({"name": "about", "minlength": str(least)}), "text", "About", 2)[1].example

    assert len(example) >= least


@given(name=st.text(max_size=60))
def test_name_of_an_input_is_an_identifier_whatever_the_field_is_called(name: str) -> None:
    slug, wanted = input_of(field({"name": name}), "text", name, 5)

    assert slug.isidentifier()
    assert slug.isascii()
    assert wanted.env == f"RETRACE_TESTER_{slug.upper()}"
