"""The shop as somebody's repository: a bug in its history, an agent that mends it, a person who merges."""

import subprocess
import sys
from pathlib import Path

import pytest

from retrace_app.demo.fixing import AGENT
from retrace_app.demo.shop_repository import BRANCH, BROKEN, MENDED, SOURCE, ShopRepository, make_repository


@pytest.fixture
def shop(tmp_path: Path) -> ShopRepository:
    return make_repository(tmp_path / "demo")


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def ask(shop: ShopRepository, prompt: str) -> int:
    return subprocess.run([sys.executable, AGENT], cwd=shop.checkout, input=prompt, text=True, check=False).returncode


def test_latest_commit_has_the_bug_and_the_one_before_has_not(shop: ShopRepository) -> None:
    assert BROKEN in git(shop.checkout, "show", f"HEAD:{SOURCE}") + "\n"
    assert MENDED in git(shop.checkout, "show", f"HEAD~1:{SOURCE}") + "\n"
    assert git(shop.checkout, "status", "--porcelain") == ""
    assert git(shop.remote, "rev-parse", BRANCH) == git(shop.checkout, "rev-parse", "HEAD")


def test_making_it_again_begins_anew(shop: ShopRepository) -> None:
    (shop.checkout / "left.txt").write_text("over")

    assert not (make_repository(shop.checkout.parent).checkout / "left.txt").exists()


def test_agent_mends_a_ranked_file(shop: ShopRepository) -> None:
    assert ask(shop, f"1. shop/server.py (score 3.0)\n2. {SOURCE}:77 (score 2.0)\n") == 0

    assert git(shop.checkout, "diff", "--stat").startswith(SOURCE)
    assert MENDED in (shop.checkout / SOURCE).read_text()


def test_agent_that_is_shown_other_files_changes_nothing(shop: ShopRepository) -> None:
    assert ask(shop, "1. shop/server.py (score 3.0)\n2. shop/gone.py\n") == 1

    assert git(shop.checkout, "status", "--porcelain") == ""


def test_branch_is_merged_on_the_remote_alone(shop: ShopRepository) -> None:
    before = git(shop.checkout, "rev-parse", "HEAD")
    git(shop.checkout, "switch", "--quiet", "-c", "fix")
    ask(shop, f"1. {SOURCE}\n")
    git(shop.checkout, "commit", "--quiet", "--all", "-m", "Mend it")
    git(shop.checkout, "push", "--quiet", "origin", "fix")

    merged = shop.merge("fix")

    assert git(shop.remote, "rev-parse", BRANCH) == merged
    assert git(shop.remote, "rev-list", "--parents", "-1", merged).split()[1] == before
    assert git(shop.checkout, "rev-parse", BRANCH) == before
