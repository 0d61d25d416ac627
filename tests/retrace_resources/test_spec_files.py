"""Spec files: read and written whole, with what is proposed beside them."""

from pathlib import Path

import msgspec
import pytest

from retrace_core.errors import ErrorCode, RetraceError
from retrace_core.spec import Spec
from retrace_core.spec_assertions import StatusCode
from retrace_core.spec_steps import Navigate
from retrace_resources.spec_files import ui_specs

SPEC = Spec(spec_id="inc-1-ui", name="One", exact_steps=(Navigate(id="a", url="/"),), assertions=(StatusCode(id="ok"),))
NEWER = msgspec.structs.replace(SPEC, name="Newer")


def test_written_spec_is_read_and_listed(tmp_path: Path) -> None:
    files = ui_specs(tmp_path)

    assert files.ids() == []
    files.write(SPEC)
    assert files.read("inc-1-ui") == SPEC
    assert files.ids() == ["inc-1-ui"]
    assert (tmp_path / "ui-tests/specs/inc-1-ui.json").stat().st_mode & 0o077 == 0


def test_proposal_leaves_the_spec_alone_until_it_is_answered(tmp_path: Path) -> None:
    files = ui_specs(tmp_path)
    files.write(SPEC)
    files.propose(NEWER)

    assert (files.read("inc-1-ui"), files.proposal("inc-1-ui")) == (SPEC, NEWER)
    assert files.ids() == ["inc-1-ui"]
    files.keep(msgspec.structs.replace(SPEC, name="Edited"))
    assert files.proposal("inc-1-ui") == NEWER
    files.write(NEWER)
    assert files.proposal("inc-1-ui") is None


def test_file_that_is_no_spec_is_refused_by_its_path(tmp_path: Path) -> None:
    files = ui_specs(tmp_path)
    files.write(SPEC)
    files.path("inc-1-ui").write_text("{")

    with pytest.raises(RetraceError) as refused:
        files.read("inc-1-ui")
    assert refused.value.code is ErrorCode.INVALID_SPEC
    assert refused.value.detail.startswith(str(files.path("inc-1-ui")))


@pytest.mark.parametrize("spec_id", ["nothing", "../../etc/passwd", "/etc/passwd", "a/b", ""])
def test_id_without_a_file_or_that_leads_out_of_the_folder_is_unknown(tmp_path: Path, spec_id: str) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "passwd.json").write_bytes(b"{}")

    with pytest.raises(RetraceError) as refused:
        ui_specs(tmp_path).read(spec_id)
    assert refused.value.code is ErrorCode.SPEC_NOT_FOUND
