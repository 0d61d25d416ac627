"""Names of code and words of people meet in the same terms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrace_assets.culprits.words import names_in, raw_words, stem, terms_of_name, terms_of_text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SearchBox", "the search box jumps"),
        ("search_box", "search boxes"),
        ("importer", "importing bookmarks"),
        ("deleteEntries", "an entry is deleted"),
        ("RSSFeed", "rss feeds"),
        ("httpBodyEncoding", "the body encoding"),
    ],
)
def test_terms_of_a_name_and_of_a_text_meet(name: str, text: str) -> None:
    assert set(terms_of_name(name)) & set(terms_of_text(text))


def test_neighbours_are_one_term_only_where_nothing_stands_between() -> None:
    assert "searchbox" in terms_of_text("search box")
    assert "searchbox" not in terms_of_text("search, box")
    assert "searchbox" not in terms_of_text("search of the box")
    assert "searchbox" in terms_of_name("bookmarkSearchBox")


def test_words_of_every_report_are_no_terms() -> None:
    assert not terms_of_text("It does not work: an error happens when you are fixing the bug")


@pytest.mark.parametrize(
    ("word", "other"), [("header", "head"), ("number", "numb"), ("string", "str"), ("status", "statu")]
)
def test_words_that_only_look_inflected_stay(word: str, other: str) -> None:
    assert stem(word) != other


def test_names_in_a_text_are_those_of_code() -> None:
    assert names_in("call useLoginQuery or page_url when Saving") == ["useLoginQuery", "page_url"]


def test_other_scripts_have_terms() -> None:
    assert set(terms_of_text("Корзина пуста")) == {"корзина", "пуста", "корзинапуста"}


@given(st.text())
def test_any_text_has_terms_without_capitals_or_spaces(text: str) -> None:
    for term in terms_of_text(text):
        assert term
        assert not any(sign.isspace() for sign in term)


@given(st.text(max_size=200))
def test_any_name_has_terms_and_a_long_one_none(name: str) -> None:
    terms = terms_of_name(name)
    assert len(set(terms)) == len(terms)
    assert terms_of_name(f"{name}{'x' * 65}") == ()


def test_words_of_a_file_are_counted_as_they_are_written() -> None:
    assert raw_words(b"cart.total - cart.Total; // caf\xc3\xa9") == {
        b"cart": 2,
        b"total": 1,
        b"Total": 1,
        b"caf\xc3\xa9": 1,
    }


@given(st.binary())
def test_words_of_any_content_hold_no_signs(content: bytes) -> None:
    assert not any(sign in word for word in raw_words(content) for sign in b" ().\n")
