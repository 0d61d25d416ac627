"""A wrong fix is refused, whatever is wrong with it, and its patch is kept with the reason."""

import shlex
import sys
from dataclasses import dataclass

import pytest

from retrace_app.demo.shop_repository import SOURCE
from tests.retrace_app.fixing.conftest import RIGHT, RIGHT_EDIT, World, edits, git, python, state_of

pytestmark = pytest.mark.slow

CHECKOUT = "shop/static/js/pages/checkout.js"
_RUN_CHECK = "import sys; sys.path[:0] = ['.', 'tests']; import test_orders as t; t.test_order_is_placed_and_kept()"
VALIDATE = shlex.join([sys.executable, "-c", _RUN_CHECK])


@dataclass(frozen=True)
class Wrong:
    """What an agent does that is no fix, what it is refused with, and what the repository checks itself with."""

    name: str
    code: str
    reason: str
    validate_command: str = ""


WRONG = (
    Wrong(
        "takes the button away",
        edits(
            CHECKOUT, 'const pay = h("button", { class: "button button-wide", type: "submit", ', 'const pay = h("i", { '
        ),
        "not_green",
    ),
    Wrong(
        "never sends the order",
        edits(CHECKOUT, 'await api("/orders", ', 'await (async () => ({ number: "TW-1" }))('),
        "not_green",
    ),
    Wrong(
        "answers something else instead of 500",
        edits("shop/server.py", 'return _refusal(500, "Internal error")', 'return _refusal(404, "Not found")'),
        "still_red",
    ),
    Wrong(
        "swallows the failure: the order is said to be placed and is not",
        edits(
            "shop/server.py",
            'return _refusal(500, "Internal error")',
            'return JSONResponse({"number": "TW-1", "total": 0}, status_code=201)',
        ),
        "validation_failed",
        VALIDATE,
    ),
    Wrong(
        "fixes it and breaks the wishlist",
        RIGHT_EDIT + edits("shop/static/js/pages/product.js", 'if (faulty("throwing_handler")) ', ""),
        "turned_red",
    ),
    Wrong(
        "fixes it and charges nothing for it",
        RIGHT_EDIT + edits(SOURCE, "return self.goods - self.discount + self.delivery", "return self.gods"),
        "validation_failed",
        VALIDATE,
    ),
    Wrong(
        "fixes it and the shop no longer starts",
        RIGHT_EDIT + edits("shop/server.py", "def create_shop(", "def create_shop_later("),
        "not_started",
    ),
    Wrong(
        "deletes the test that would tell",
        edits("shop/server.py", 'return _refusal(500, "Internal error")', "return JSONResponse({}, status_code=201)")
        + "pathlib.Path('tests/test_orders.py').unlink()\n",
        "test_changed",
    ),
    Wrong(
        "makes the incident's own test assert nothing",
        "import pathlib\n[p] = pathlib.Path('tests/retrace').glob('*.spec.ts')\np.write_text('// nothing')\n",
        "spec_changed",
    ),
    Wrong(
        "lets the checks pass by not running them",
        RIGHT_EDIT + "pathlib.Path('.github/workflows/ci.yml').write_text('on: never')\n",
        "ci_or_workflow",
    ),
    Wrong(
        "changes what is installed", RIGHT_EDIT + "pathlib.Path('package-lock.json').write_text('{ }')\n", "lock_file"
    ),
    Wrong("does nothing about it", "import pathlib; pathlib.Path('NOTES.md').write_text('Fixed it.')\n", "still_red"),
)


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.name)
def test_wrong_fix_is_refused(world: World, wrong: Wrong) -> None:
    before, remote = state_of(world.shop.checkout), git(world.shop.remote, "for-each-ref")

    done = world.fix(python(wrong.code), validate_command=wrong.validate_command)

    assert (done.status, done.reason) == ("refused", wrong.reason), done.error
    assert (world.settings.home / done.patch_path).read_text().startswith("diff --git")
    assert (done.branch, done.pr_url, done.applied) == ("", "", False)
    assert state_of(world.shop.checkout) == before
    assert git(world.shop.remote, "for-each-ref") == remote


def test_right_fix_is_admitted_by_the_same_gate(world: World) -> None:
    done = world.fix(RIGHT, validate_command=VALIDATE)

    assert (done.status, done.files) == ("opened", [SOURCE]), done.error
