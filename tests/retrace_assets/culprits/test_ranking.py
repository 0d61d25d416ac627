"""Each kind of clue brings its file to the top, and without the clue another file is there."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from retrace_assets.culprits.clues import Clues, Frame, Request
from retrace_assets.culprits.ranking import rank
from retrace_assets.culprits.source_index import SourceIndex
from retrace_resources.repository import Change
from tests.retrace_assets.culprits.sources import index_of_sources, ranked

FILLER = {f"src/filler/part{number}.ts": f"export const part{number} = {number};\n" * 20 for number in range(12)}
CART = "export function addVoucher(cart) {\n  return cart.total - voucher.amount;\n}\n"
PRICES = (
    "export function priceOf(item) {\n  // the voucher of a cart is taken off in cart.ts\n  return item.price;\n}\n"
)
SHOP = {**FILLER, "src/cart.ts": CART, "src/prices.ts": PRICES}
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def first(sources: dict[str, str], clues: Clues, changes: tuple[Change, ...] = ()) -> str:
    return ranked(sources, clues, changes)[0].path


def test_words_of_the_report_find_the_file_that_defines_what_they_name() -> None:
    found = ranked(SHOP, Clues(said="The voucher is not taken off the cart's total"))
    assert [culprit.path for culprit in found] == ["src/cart.ts", "src/prices.ts"]
    assert [culprit.rank for culprit in found] == [1, 2]
    assert "voucher" in found[0].reasons[0]
    assert found[0].line is not None


def test_clues_that_say_nothing_give_no_culprits() -> None:
    assert ranked(SHOP, Clues(said="It does not work")) == ()
    assert ranked({}, Clues(said="voucher")) == ()


def test_a_frame_outweighs_words_and_where_it_threw_outweighs_its_caller() -> None:
    threw, caller = Frame("src/filler/part3.ts", 7, "part3"), Frame("src/prices.ts", 1, "priceOf")
    found = ranked(SHOP, Clues(said="The voucher of the cart", frames=(threw, caller)))
    assert [culprit.path for culprit in found[:2]] == ["src/filler/part3.ts", "src/prices.ts"]
    assert found[0].line == 7
    assert found[0].reasons[0] == "the error was thrown here in part3 at line 7"
    other_way = ranked(SHOP, Clues(said="The voucher of the cart", frames=(caller, threw)))
    assert other_way[0].path == "src/prices.ts"


@pytest.mark.parametrize(
    "file",
    ["localhost:5173/src/cart.ts", "app/code/src/cart.ts", "src/cart.ts", "cart.ts", "other/root/src/cart.ts"],
)
def test_a_frame_is_found_by_the_end_of_its_path(file: str) -> None:
    assert first(SHOP, Clues(frames=(Frame(file, 2),))) == "src/cart.ts"


def test_a_frame_of_a_bundle_names_no_file() -> None:
    assert ranked(SHOP, Clues(frames=(Frame("assets/index-3f2a.js", 1),))) == ()


def test_a_frame_whose_name_many_files_have_tells_them_apart_by_folder() -> None:
    sources = {f"apps/{app}/index.ts": f"export const name = '{app}';" for app in "abcdefgh"}
    assert first(sources, Clues(frames=(Frame("srv/apps/d/index.ts", 1),))) == "apps/d/index.ts"
    assert ranked(sources, Clues(frames=(Frame("index.ts", 1),))) == ()


def test_a_request_finds_what_answers_it_whatever_the_parameter_is_called() -> None:
    api = """
from fastapi import APIRouter
router = APIRouter(prefix="/orders")
@router.post("/{order_id}/cancel")
def stop(order_id): ...
"""
    main = (
        'from fastapi import FastAPI\nfrom api import purchases\napp.include_router(purchases.router, prefix="/api")\n'
    )
    sources = {**SHOP, "api/__init__.py": "", "api/purchases.py": api, "main.py": main}
    found = ranked(sources, Clues(requests=(Request("POST", "/api/orders/:id/cancel"),)))
    assert found[0].path == "api/purchases.py"
    assert "it answers POST /api/orders/{order_id}/cancel" in found[0].reasons
    assert found[0].line == 4
    assert "api/purchases.py" not in [
        each.path for each in ranked(sources, Clues(requests=(Request("GET", "/x/y/z"),)))
    ]


def test_a_page_finds_its_file_and_the_parts_only_it_has() -> None:
    sources = {
        **FILLER,
        "app/billing/page.tsx": 'import { Panel } from "./Panel";\nexport default () => <Panel />;\n',
        "app/billing/Panel.tsx": "export const Panel = () => null;\n",
        "app/account/page.tsx": "export default () => null;\n",
    }
    paths = [culprit.path for culprit in ranked(sources, Clues(pages=("/billing",)))]
    assert paths[0] == "app/billing/page.tsx"
    assert "app/billing/Panel.tsx" in paths
    assert "app/account/page.tsx" not in paths


def test_a_text_that_was_shown_finds_the_file_that_holds_it_letter_for_letter() -> None:
    sources = {
        **FILLER,
        "src/a.vue": "<template><button>Apply\n  coupon</button></template>",
        "src/b.vue": "<template>" + "<p>apply</p> <b>a coupon</b> " * 8 + "</template>",
    }
    found = ranked(sources, Clues(shown=("Apply coupon",)))
    assert found[0].path == "src/a.vue"
    assert "it holds the text “Apply coupon”" in found[0].reasons


def test_a_test_id_finds_the_control() -> None:
    sources = {
        **FILLER,
        "src/a.svelte": '<button data-testid="checkout-submit">Go</button>',
        "src/b.svelte": "checkout submit submit checkout\n" * 9,
    }
    assert first(sources, Clues(names=("checkout-submit",))) == "src/a.svelte"


def test_a_translated_text_finds_the_code_with_its_key() -> None:
    sources = {
        **FILLER,
        "src/locales/de.json": '{"basket": {"emptyHint": "Der Korb ist leer"}}',
        "src/Basket.vue": "<p>{{ $t('basket.emptyHint') }}</p>",
        "src/Korb.vue": "<p>leer</p>",
    }
    assert first(sources, Clues(shown=("Der Korb ist leer",))) == "src/Basket.vue"
    del sources["src/locales/de.json"]
    assert first(sources, Clues(shown=("Der Korb ist leer",))) == "src/Korb.vue"


def test_what_a_suspect_uses_is_marked_as_near() -> None:
    sources = {
        **SHOP,
        "src/cart.ts": 'import { rounded } from "./numbers";\n' + CART,
        "src/numbers.ts": "export const rounded = (value) => value; // voucher\n",
    }
    found = {culprit.path: culprit for culprit in ranked(sources, Clues(said="The voucher of the cart"))}
    assert "src/cart.ts uses it" in found["src/numbers.ts"].reasons


def test_of_two_alike_the_one_that_changed_before_the_incident_comes_first() -> None:
    sources = {**FILLER, "src/a.ts": "export const voucher = 1;\n", "src/b.ts": "export const voucher = 1;\n"}
    clues = Clues(said="the voucher", first_seen_at=NOW)
    before = Change("b" * 40, NOW - timedelta(days=1), "Round amounts", ("src/b.ts",))
    after = msgspec.structs.replace(before, at=NOW + timedelta(days=1))
    assert first(sources, clues) == "src/a.ts"
    assert first(sources, clues, (before,)) == "src/b.ts"
    assert first(sources, clues, (after,)) == "src/a.ts"


def test_a_release_that_is_a_commit_leaves_out_what_came_later() -> None:
    sources = {**FILLER, "src/a.ts": "export const voucher = 1;\n", "src/b.ts": "export const voucher = 1;\n"}
    later = Change("b" * 40, NOW, "Round amounts", ("src/b.ts",))
    deployed = Change("a" * 40, NOW - timedelta(days=9), "Start", ("README.md",))
    assert first(sources, Clues(said="the voucher", release="a" * 10), (later, deployed)) == "src/a.ts"
    assert first(sources, Clues(said="the voucher", release="1.2.3"), (later, deployed)) == "src/b.ts"


def test_a_change_for_something_alike_counts() -> None:
    sources = {**FILLER, "src/a.ts": "export const voucher = 1;\n", "src/b.ts": "export const voucher = 1;\n"}
    other = Change("a" * 40, NOW, "Update licences", ("src/a.ts",))
    alike = Change("b" * 40, NOW, "Take the voucher off", ("src/b.ts",))
    found = ranked(sources, Clues(said="the voucher"), (other, alike))
    assert found[0].path == "src/b.ts"
    assert any("“Take the voucher off”" in reason for reason in found[0].reasons)


def test_owners_come_with_the_file() -> None:
    sources = {**SHOP, "CODEOWNERS": "* @acme/all\n/src/cart.ts @acme/checkout\n"}
    found = ranked(sources, Clues(said="The voucher of the cart"))
    assert {culprit.path: culprit.owners for culprit in found} == {
        "src/cart.ts": ("@acme/checkout",),
        "src/prices.ts": ("@acme/all",),
    }


def test_an_index_is_the_same_after_it_was_kept() -> None:
    index = index_of_sources(SHOP, (Change("b" * 40, NOW, "Round", ("src/cart.ts",)),))
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(index), type=SourceIndex)
    clues = Clues(said="The voucher of the cart")

    def texts(paths: object) -> list[tuple[str, bytes]]:
        return [(path, text.encode()) for path, text in SHOP.items()]

    assert rank(kept, clues, texts) == rank(index, clues, texts) != ()


def test_only_so_many_are_given() -> None:
    sources = {f"src/{number}.ts": "export const voucher = 1;\n" for number in range(20)}
    assert len(ranked({**sources, **FILLER}, Clues(said="voucher"))) == 8
