"""Which file uses which: imports as each language writes them, and the files of the repository they stand for.

What is imported from elsewhere (packages, standard libraries) has no file here and is left out. Belongs here: reading
and resolving imports. Does not: what closeness is worth (ranking), or which router mounts which (routes).
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import PurePosixPath
from typing import Final

import msgspec

# Imports stand at the top; so do the lazy ones of route tables.
_READ: Final = 20_000
_MOST: Final = 200
_FOLDERS_UP: Final = 12

_SCRIPT_EXTENSIONS: Final = (
    *("ts", "tsx", "js", "jsx", "vue", "svelte", "mjs", "cjs", "mts", "cts", "astro"),
    *("d.ts", "scss", "css", "less"),
)
_SCRIPT = re.compile(rb"""(?:from|import|require|@use|@forward)\s*\(?\s*["']([^"'\n]{1,200})["']""")
_PYTHON = re.compile(
    rb"^[ \t]*(?:from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]+(\([^)]{0,2000}\)|[^\n#]{1,300})"
    rb"|import[ \t]+([\w., \t]{1,300}))",
    re.MULTILINE,
)
_GO = re.compile(rb'^[ \t]*(?:import\s+)?(?:[\w.]+\s+)?"([\w.~-]+\.[a-z]+/[^"\n]{1,200})"', re.MULTILINE)
_JAVA = re.compile(rb"^import\s+(?:static\s+)?([\w.]{1,200})", re.MULTILINE)
_PHP = re.compile(
    rb"^use\s+(?:function\s+)?\\?([\w\\]{1,200})"
    rb"|[^\n]{0,80}?\b(?:include|require)(?:_once)?\b[^;\n]{0,80}?['\"]([^'\"\n]{1,200})['\"]",
    re.MULTILINE,
)
_RUBY = re.compile(rb"^\s*require_relative\s+['\"]([^'\"\n]{1,200})['\"]", re.MULTILINE)
_RUBY_CONSTANT = re.compile(rb"\b([A-Z]\w{2,60}(?:::[A-Z]\w{1,60}){0,4})\b")
# What a view renders, and what a template includes.
_TEMPLATE = re.compile(
    rb"""["']([\w./-]{2,200}\.(?:html?|jinja2?|j2|twig|ejs|pug|hbs|handlebars|mustache|erb|haml|slim|liquid|tmpl))["']"""
)
# Their templates are their own.
_COMPONENTS: Final = frozenset({"ts", "tsx", "jsx", "vue", "svelte", "astro"})
_TEMPLATE_ENDINGS: Final = (
    *(b".htm", b".j2", b".jinja", b".twig", b".ejs", b".pug", b".hbs", b".handlebars", b".mustache"),
    *(b".erb", b".haml", b".slim", b".liquid", b".tmpl"),
)
_RUBY_FILES: Final = frozenset({"rb", "erb", "haml", "slim"})
# Words an import has, its form, and whether it begins its line.
_Form = tuple[tuple[bytes, ...], re.Pattern[bytes], bool]
_SCRIPT_FORM: Final[_Form] = ((b"from", b"import", b"require", b"@use", b"@forward"), _SCRIPT, False)
_FORMS: Final[Mapping[str, _Form]] = {
    # The lines of a block of imports have an address in common.
    "go": ((b"/",), _GO, True),
    "php": ((b"use ", b"include", b"require"), _PHP, True),
    **dict.fromkeys(("java", "kt", "scala"), ((b"import ",), _JAVA, True)),
    **dict.fromkeys(_RUBY_FILES, ((b"require_relative",), _RUBY, True)),
}
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class _CompilerOptions(msgspec.Struct, rename="camel"):
    base_url: str = "."
    paths: dict[str, list[str]] = {}


class _ScriptConfig(msgspec.Struct, rename="camel"):
    compiler_options: _CompilerOptions = msgspec.field(default_factory=_CompilerOptions)


class Modules:
    """The files of a repository as imports find them; `aliases` are of tsconfig: prefix to folder."""

    def __init__(self, paths: Sequence[str], aliases: Mapping[str, str] | None = None) -> None:
        self._places = {path: place for place, path in enumerate(paths)}
        self._aliases = dict(aliases or {})
        self._resolvers: Mapping[str, Callable[[str, str], int | None]] = {
            **{"py": self._python, "go": self._go, "php": self._php},
            **dict.fromkeys(("java", "kt", "scala"), self._java),
            **dict.fromkeys(_RUBY_FILES, self._ruby),
        }

    def imported(self, path: str, specifiers: Iterable[Iterable[str]]) -> list[int]:
        """The files that a file uses, by place, given its `specifiers_of`."""
        own = self._places.get(path)
        found = (self._first(path, spellings) for spellings in specifiers)
        return list(dict.fromkeys(place for place in found if place is not None and place != own))[:_MOST]

    def resolve(self, path: str, specifier: str) -> int | None:
        """The file that an import in `path` stands for; None for what is not of the repository."""
        if _TEMPLATE.fullmatch(f'"{specifier}"'.encode()) and not specifier.startswith("."):
            return self._by_end(specifier, path)
        return self._resolvers.get(_extension(path), self._script)(path, specifier)

    def _first(self, path: str, spellings: Iterable[str]) -> int | None:
        found = (self.resolve(path, spelling) for spelling in spellings if spelling)
        return next((place for place in found if place is not None), None)

    def _script(self, path: str, specifier: str) -> int | None:
        if specifier.startswith("."):
            return self._script_file(_joined(_folder(path), specifier))
        for prefix, folder in self._aliases.items():
            if specifier.startswith(prefix):
                found = self._script_file(_joined(folder, specifier.removeprefix(prefix)))
                if found is not None:
                    return found
        bare = re.sub(r"^(?:[@~#$]/|/|~|#|\$)", "", specifier)
        if "/" not in bare:
            return None
        if specifier.startswith("@") and not specifier.startswith("@/"):
            return self._package(bare)
        for folder in _upwards(_folder(path)):
            for root in (folder, _joined(folder, "src"), _joined(folder, "app")):
                found = self._script_file(_joined(root, bare))
                if found is not None:
                    return found
        return None

    def _script_file(self, path: str) -> int | None:
        bare = re.sub(r"\.[cm]?jsx?$", "", path)
        candidates = [path, *(f"{base}.{each}" for base in (path, bare) for each in _SCRIPT_EXTENSIONS)]
        candidates += [f"{path}/index.{each}" for each in _SCRIPT_EXTENSIONS]
        candidates.append(f"{_folder(path)}/_{path.rpartition('/')[2]}.scss".lstrip("/"))
        return next((self._places[each] for each in candidates if each in self._places), None)

    def _package(self, specifier: str) -> int | None:
        """A package of the same repository: `@acme/cart/total` is in the folder `cart`."""
        name, _, rest = specifier.partition("/")[2].partition("/")
        for folder in self._packages.get(name, ()):
            for inner in (_joined(folder, "src"), folder):
                found = self._script_file(_joined(inner, rest or "index"))
                if found is not None:
                    return found
        return None

    def _python(self, path: str, specifier: str) -> int | None:
        dots = len(specifier) - len(specifier.lstrip("."))
        inner = specifier[dots:].replace(".", "/")
        if dots:
            folder = _folder(path)
            for _ in range(dots - 1):
                folder = _folder(folder)
            return self._python_file(_joined(folder, inner))
        folders = _upwards(_folder(path))
        roots = (root for folder in folders for root in (folder, _joined(folder, "src")))
        return next((found for root in roots if (found := self._python_file(_joined(root, inner))) is not None), None)

    def _python_file(self, path: str) -> int | None:
        found = self._places.get(f"{path}.py")
        return self._places.get(f"{path}/__init__.py") if found is None else found

    def _java(self, path: str, specifier: str) -> int | None:
        return self._by_end(f"{specifier.replace('.', '/')}.{_extension(path)}", path)

    def _php(self, path: str, specifier: str) -> int | None:
        # The first folder of a namespace is named as the framework likes; the last two are the repository's.
        return self._by_end("/".join(specifier.removesuffix(".php").replace("\\", "/").split("/")[-2:]) + ".php", path)

    def _go(self, _path: str, specifier: str) -> int | None:
        """The largest file of the package: files of one package need no imports of each other."""
        parts = specifier.split("/")
        tails = ("/".join(parts[start:]) for start in range(1, len(parts)))
        return next((self._packages_of_go[tail] for tail in tails if tail in self._packages_of_go), None)

    def _ruby(self, path: str, specifier: str) -> int | None:
        if specifier[:1].isupper():
            return self._by_end("/".join(map(_snake, specifier.split("::"))) + ".rb", path)
        return self._places.get(_joined(_folder(path), specifier.removesuffix(".rb") + ".rb"))

    def _by_end(self, end: str, path: str) -> int | None:
        """The file whose path ends so, of several the one that is closest to `path`."""
        found = [each for each in self._by_name.get(end.rpartition("/")[2], ()) if f"/{each}".endswith(f"/{end}")]
        if not found:
            return None
        return self._places[max(found, key=lambda each: (_shared(each, path), -len(each), each))]

    @cached_property
    def _by_name(self) -> Mapping[str, list[str]]:
        named: defaultdict[str, list[str]] = defaultdict(list)
        for path in self._places:
            named[path.rpartition("/")[2]].append(path)
        return named

    @cached_property
    def _packages(self) -> Mapping[str, list[str]]:
        named: defaultdict[str, list[str]] = defaultdict(list)
        for path in self._places:
            if path.rpartition("/")[2].startswith("index."):
                folder = _folder(path)
                folder = _folder(folder) if folder.endswith("/src") else folder
                named[folder.rpartition("/")[2]].append(folder)
        return named

    @cached_property
    def _packages_of_go(self) -> Mapping[str, int]:
        found: dict[str, int] = {}
        for path, place in self._places.items():
            if path.endswith(".go"):
                folder = _folder(path)
                # The file that is called as its package, else the first.
                if folder not in found or path.endswith(f"/{folder.rpartition('/')[2]}.go"):
                    found[folder] = place
        return found


def aliases_of(path: str, content: bytes) -> dict[str, str]:
    """The prefixes that a `tsconfig.json` or `jsconfig.json` gives folders; none of one that cannot be read."""
    bare = re.sub(rb'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/', lambda match: match[1] or b"", content, flags=re.DOTALL)
    try:
        config = msgspec.json.decode(re.sub(rb",(\s*[}\]])", rb"\1", bare), type=_ScriptConfig)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return {}
    base = _joined(_folder(path), config.compiler_options.base_url)
    paths = config.compiler_options.paths.items()
    return {alias.rstrip("*"): _joined(base, targets[0].rstrip("*")) for alias, targets in paths if alias and targets}


def is_script_config(path: str) -> bool:
    """Whether a file says what prefixes of imports stand for."""
    return PurePosixPath(path).name in {"tsconfig.json", "jsconfig.json", "tsconfig.app.json", "tsconfig.base.json"}


def specifiers_of(path: str, content: bytes) -> Iterator[list[str]]:
    """What a file imports, as it is written; each in all spellings that may have a file, the closest first."""
    head = content[:_READ]
    extension = _extension(path)
    if extension not in _COMPONENTS and any(ending in head for ending in _TEMPLATE_ENDINGS):
        for match in _TEMPLATE.finditer(head):
            yield [match[1].decode()]
    if extension == "py":
        for match in _found(head, (b"import",), _PYTHON, from_line_start=True):
            yield from _python_specifiers(match)
        return
    words, pattern, from_line_start = _FORMS.get(extension, _SCRIPT_FORM)
    for match in _found(head, words, pattern, from_line_start=from_line_start):
        yield [next(group for group in match.groups() if group).decode("utf-8", "replace")]
    if extension in _RUBY_FILES:
        for constant in dict.fromkeys(_RUBY_CONSTANT.findall(head)):
            yield [constant.decode("utf-8", "replace")]


def _found(
    head: bytes, words: Iterable[bytes], pattern: re.Pattern[bytes], *, from_line_start: bool
) -> Iterator[re.Match[bytes]]:
    """What matches at some words, or at the beginnings of their lines, in order.

    To look for the words first takes a tenth of the time that an expression for all of them takes.
    """
    found: dict[int, re.Match[bytes]] = {}
    for word in words:
        position = head.find(word)
        while position >= 0:
            start = head.rfind(b"\n", 0, position) + 1 if from_line_start else position
            if start not in found and (match := pattern.match(head, start)):
                found[start] = match
            position = head.find(word, position + len(word))
    yield from (found[start] for start in sorted(found))


def _python_specifiers(match: re.Match[bytes]) -> Iterator[list[str]]:
    module, names, modules = ((group or b"").decode("utf-8", "replace") for group in match.groups())
    if modules:
        for each in modules.split(","):
            yield [each.split()[0]] if each.split() else []
        return
    for name in names.strip("()").split(","):
        word = name.split()[0] if name.split() else ""
        separator = "" if module.endswith(".") else "."
        yield [f"{module}{separator}{word}", module] if word.isidentifier() else [module]


def _extension(path: str) -> str:
    return path.rpartition(".")[2].lower()


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _joined(folder: str, relative: str) -> str:
    parts = [part for part in folder.split("/") if part]
    for part in relative.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)


def _upwards(folder: str) -> Iterable[str]:
    parts = folder.split("/") if folder else []
    return ["/".join(parts[:length]) for length in range(len(parts), max(-1, len(parts) - _FOLDERS_UP), -1)]


def _shared(path: str, other: str) -> int:
    shared = 0
    for one, two in zip(path.split("/"), other.split("/"), strict=False):
        if one != two:
            break
        shared += 1
    return shared


def _snake(name: str) -> str:
    return _CAMEL.sub("_", name).lower()
