"""Running a test so many times: where it runs, as whom, and from which state."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from retrace_app.demo.serving import serving
from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.spec import Spec, Start
from retrace_core.test_run import TestRun
from retrace_resources.run_records import read_run
from retrace_resources.tester import Asked, Tester
from tests.retrace_resources.engine.apps import create_app
from tests.retrace_resources.engine.conftest import spec_of


@pytest.fixture(scope="module")
def app() -> Iterator[str]:
    with serving(create_app()) as address:
        yield address


@pytest.fixture
def tester(tmp_path: Path) -> Tester:
    return Tester(home=tmp_path, variable=lambda _: "")


def runs(tester: Tester, spec: Spec, asked: Asked) -> list[TestRun]:
    return list(tester.run(spec, tester.resolve(spec, asked)))


def test_where_it_runs_is_said_by_the_person_then_the_configuration_then_the_test(tester: Tester) -> None:
    spec = spec_of("plain")
    configured = replace(tester, app_url="http://127.0.0.1:4000")
    assert configured.resolve(spec, Asked(app_url="http://127.0.0.1:5000")).app_url == "http://127.0.0.1:5000"
    assert configured.resolve(spec, Asked()).app_url == "http://127.0.0.1:4000"
    assert tester.resolve(spec, Asked()).app_url == spec.app_url


def test_a_build_without_a_name_is_called_by_its_address(tester: Tester) -> None:
    resolved = tester.resolve(spec_of("plain"), Asked(app_url="http://127.0.0.1:5000"))
    assert resolved.build == "http://127.0.0.1:5000"


def test_a_stored_login_that_is_not_there_is_asked_for(tester: Tester, tmp_path: Path) -> None:
    spec = msgspec.structs.replace(spec_of("plain"), start=Start(account="editor"))
    with pytest.raises(RetraceError) as raised:
        runs(replace(tester, accounts={"editor": tmp_path / "editor.json"}), spec, Asked())
    assert raised.value.code is ErrorCode.MISSING_INPUT
    assert "editor.json" in str(raised.value.detail)


@pytest.mark.slow
def test_the_state_is_reset_before_each_run_and_each_run_is_kept(app: str, tester: Tester, tmp_path: Path) -> None:
    told: list[str] = []
    counted = tmp_path / "resets"
    resetting = replace(tester, reset_command=f"echo x >> {counted}", on_run=lambda run: told.append(run.run_id))
    done = runs(resetting, spec_of("plain"), Asked(times=2, app_url=app, build="b"))
    assert counted.read_text().split() == ["x", "x"]
    assert told == [run.run_id for run in done]
    assert [read_run(tmp_path, run.run_id).verdict for run in done] == [run.verdict for run in done]


@pytest.mark.slow
def test_an_app_that_cannot_be_reset_is_not_tested(app: str, tester: Tester) -> None:
    with pytest.raises(RetraceError) as raised:
        runs(replace(tester, reset_command="echo no database >&2; false"), spec_of("plain"), Asked(app_url=app))
    assert raised.value.code is ErrorCode.APP_NOT_STARTED
    assert "no database" in str(raised.value.detail)


@pytest.mark.slow
def test_a_block_keeps_one_browser_as_long_as_it_lives(app: str, tester: Tester) -> None:
    with tester.keeping_browser() as keeping:
        assert keeping.kept_engine is not None
        alone = runs(keeping, spec_of("plain"), Asked(app_url=app))
        first = keeping.kept_engine()
        again = runs(keeping, spec_of("plain"), Asked(app_url=app))
        assert keeping.kept_engine() is first

        first._browser.close()
        anew = runs(keeping, spec_of("plain"), Asked(app_url=app))
        assert keeping.kept_engine() is not first
    assert len({run.verdict for run in (*alone, *again, *anew)}) == 1
    assert anew[0].verdict != "inconclusive"
