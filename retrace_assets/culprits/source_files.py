"""Which files of a repository may hold a bug of the application: by name alone, and by a look at the first bytes.

Belongs here: sources, templates and styles against what is made, borrowed, tested or only told. Does not: what is in a
source (source_index).
"""

import re
from typing import Final

MOST_BYTES: Final = 512 * 1024
"""Larger files are data, or were made by a program."""


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


_CODE: Final = _listed(
    """js jsx mjs cjs ts tsx mts cts vue svelte astro py pyx rb rake go php phtml java kt kts groovy scala cs fs rs ex
    exs erl clj swift dart lua pl pm graphql gql proto ino c cc cpp h hpp m mm"""
)
_TEMPLATES: Final = _listed(
    """html htm xhtml jinja jinja2 j2 twig erb haml slim hbs handlebars mustache ejs pug jade liquid tmpl gohtml cshtml
    razor jsp ftl heex leex eex mjml"""
)
_STYLES: Final = _listed("css scss sass less styl pcss")
_TEXTS: Final = _listed("json yml yaml po properties ftl")

# Folders that hold what others wrote, what a program made, or what no user of the application runs. Names that a part
# of an application may have as well count only at the top, of the repository or of a package in it.
_ELSEWHERE = re.compile(
    r"(?:^|/)(?:node_modules|bower_components|vendor|third[-_]?party|dist|\.[^/]+|__pycache__|site-packages|generated"
    r"|__generated__|migrations?|fixtures?|__mocks__|__fixtures__|__snapshots__|tests?(?:_[^/]+)?|__tests__|e2e|cypress|testdata)/"
    r"|^(?:[^/]+/[^/]+/)?(?:build|out|target|coverage|docs?|documentation|examples?|samples?|benchmarks?|specs?|mocks?"
    r"|stories|\.storybook|playwright|venv|scripts|extra|external|tools)/",
    re.IGNORECASE,
)
_ELSEWHERE_NAME = re.compile(
    r"(?:[._-](?:test|tests|spec|stories|story|mock|mocks|cy|bench|e2e)\.[^.]+|(?:^|/)(?:test_|conftest)[^/]*\.py"
    r"|_(?:test|spec)\.(?:go|rb|py|exs)|Tests?\.(?:java|kt|cs|php)|\.d\.[cm]?ts|[.-]min\.(?:js|css)|[.-]bundle\.js"
    r"|\.(?:gen|generated|pb|g)\.[a-z]+|\.pb\.[a-z]+\.[a-z]+|_pb2?(?:_grpc)?\.(?:js|ts|py|go|rb)|\.connect\.go"
    r"|(?:^|/)(?:setupTests|jest\.[^/]+|vitest\.[^/]+|playwright\.[^/]+|cypress\.[^/]+)\.[cm]?[jt]s)$"
)
_TEXT_FOLDER = re.compile(
    r"(?:^|/)(?:locales?|lang|langs|languages?|i18n|l10n|translations?|messages|intl)(?:/|$)", re.IGNORECASE
)
_MADE = re.compile(
    rb"@generated|Code generated .{0,80}DO NOT EDIT|This file (?:was|is) (?:auto-?)?generated", re.IGNORECASE
)
_LOOKED_AT: Final = 2_000
# Minified code has hardly any lines; the longest lines that people write are data urls and paths of pictures.
_LINE_BYTES: Final = 1_000


def is_source(path: str) -> bool:
    """Whether a file of this name is written by the people of the application and run by its users."""
    if _ELSEWHERE.search(path) or _ELSEWHERE_NAME.search(path):
        return False
    return _extension(path) in _CODE | _TEMPLATES | _STYLES and not is_translation(path)


def is_translation(path: str) -> bool:
    """Whether a file of this name holds the texts of the user interface in one language."""
    if _ELSEWHERE.search(path) and "/i18n/" not in path:
        return False
    folder, _, name = path.rpartition("/")
    if _extension(path) not in _TEXTS | {"js", "ts"}:
        return False
    # Of code only what is named as a language: `lang/en.js`, not `i18n/index.ts`.
    named = re.fullmatch(r"[a-z]{2,3}(?:[-_][A-Za-z]{2,4})?\.[a-z]+", name) is not None
    return bool(_TEXT_FOLDER.search(f"{folder}/")) and (named or _extension(path) in _TEXTS)


def is_written(content: bytes) -> bool:
    """Whether a person wrote a file: not binary, not minified, not marked as generated."""
    head = content[:_LOOKED_AT]
    if b"\0" in head or _MADE.search(head):
        return False
    return len(content) < 2 * _LINE_BYTES or len(content) / (content.count(b"\n") + 1) < _LINE_BYTES / 4


def _extension(path: str) -> str:
    name = path.rpartition("/")[2].lower()
    return name.rpartition(".")[2] if "." in name else ""
