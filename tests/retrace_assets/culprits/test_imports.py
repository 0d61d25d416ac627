"""Imports are found as each language writes them."""

import pytest

from retrace_assets.culprits.imports import Modules, aliases_of, specifiers_of
from tests.retrace_assets.culprits.sources import index_of_sources

SOURCES = {
    "web/tsconfig.json": '{ // paths\n "compilerOptions": {"baseUrl": ".", "paths": {"@ui/*": ["src/ui/*"],}}}',
    "web/src/page.tsx": 'import { Button } from "@ui/Button";\nimport x from "react";\n'
    'const y = require("../lib/money.js");',
    "web/src/ui/Button.tsx": 'import "./button.css";',
    "web/src/ui/button.css": ".button {}",
    "web/lib/money.ts": 'export * from "@acme/tax/rates";',
    "packages/tax/src/index.ts": "export {};",
    "packages/tax/src/rates.ts": "export {};",
    "web/src/App.vue": "<script>import List from '~/views/List.vue';\n"
    'const D = () => import("@/views/Detail.vue")</script>',
    "web/src/views/List.vue": "<template/>",
    "web/src/views/Detail.vue": "<template/>",
    "web/src/views/Box.svelte": "<script>import Button from '../ui/Button';</script>",
    "shop/views.py": "import json\nfrom .models import (\n    Cart,\n)\n"
    "from shop import tasks\nrender(r, 'shop/cart.html')",
    "shop/models.py": "class Cart: ...",
    "shop/tasks.py": "from shop.models import Cart",
    "shop/templates/shop/cart.html": '{% include "shop/line.html" %}',
    "shop/templates/shop/line.html": "<li>",
    "app/models/line_item.rb": "class LineItem; end",
    "app/controllers/carts_controller.rb": "class CartsController\n  def add; LineItem.new; end\nend",
    "cmd/main.go": 'package main\nimport (\n\t"fmt"\n\t"github.com/acme/shop/store"\n)',
    "store/store.go": "package store",
    "store/db.go": "package store",
    "src/main/java/com/acme/Cart.java": "package com.acme;\nimport com.acme.tax.Rates;\nimport java.util.List;",
    "src/main/java/com/acme/tax/Rates.java": "package com.acme.tax;",
    "php/app/Http/Cart.php": "<?php\nuse App\\Models\\Line;\nrequire_once 'helpers/money.php';",
    "php/app/Models/Line.php": "<?php",
    "php/app/helpers/money.php": "<?php",
}


@pytest.mark.parametrize(
    ("path", "used"),
    [
        ("web/src/page.tsx", ["web/src/ui/Button.tsx", "web/lib/money.ts"]),
        ("web/src/ui/Button.tsx", ["web/src/ui/button.css"]),
        ("web/lib/money.ts", ["packages/tax/src/rates.ts"]),
        ("web/src/App.vue", ["web/src/views/List.vue", "web/src/views/Detail.vue"]),
        ("web/src/views/Box.svelte", ["web/src/ui/Button.tsx"]),
        ("shop/views.py", ["shop/templates/shop/cart.html", "shop/models.py", "shop/tasks.py"]),
        ("shop/tasks.py", ["shop/models.py"]),
        ("shop/templates/shop/cart.html", ["shop/templates/shop/line.html"]),
        ("app/controllers/carts_controller.rb", ["app/models/line_item.rb"]),
        ("cmd/main.go", ["store/store.go"]),
        ("src/main/java/com/acme/Cart.java", ["src/main/java/com/acme/tax/Rates.java"]),
        ("php/app/Http/Cart.php", ["php/app/Models/Line.php", "php/app/helpers/money.php"]),
    ],
)
def test_a_file_uses_what_it_imports(path: str, used: list[str]) -> None:
    index = index_of_sources(SOURCES)
    assert [index.paths[place] for place in index.imports[index.paths.index(path)]] == used


def test_packages_from_elsewhere_are_no_files_even_where_a_file_is_called_alike() -> None:
    modules = Modules(["src/react.ts", "json.py", "src/app.ts", "src/deep/app.py"])
    assert modules.resolve("src/app.ts", "react") is None
    assert modules.resolve("src/app.ts", "@scope/react") is None
    assert modules.resolve("src/deep/app.py", "yaml") is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"compilerOptions": {"paths": {"@/*": 1}}}', b"\xff\xfe{"])
def test_a_configuration_that_cannot_be_read_has_no_aliases(content: bytes) -> None:
    assert aliases_of("tsconfig.json", content) == {}


@pytest.mark.parametrize("path", ["a.ts", "a.py", "a.go", "a.java", "a.php", "a.rb", "a.html"])
def test_an_import_without_an_end_is_read_in_no_time(path: str) -> None:
    for part in (b"import (", b"from . import (", b"import '", b'"a.', b"use A\\", b"A::"):
        list(specifiers_of(path, part * 5_000))
