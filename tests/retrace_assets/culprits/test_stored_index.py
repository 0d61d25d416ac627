"""An index is the same however many processes have read the files it is made of."""

from pathlib import Path

import msgspec
import pytest

from retrace_assets.culprits import stored_index
from retrace_assets.culprits.source_index import gather, index_sources
from retrace_assets.culprits.stored_index import index_of
from retrace_resources.repository import Repository
from tests.retrace_assets.culprits.sources import write_repository

SOURCES = {
    "tsconfig.json": '{"compilerOptions": {"paths": {"@/*": ["src/*"]}}}',
    "src/app.ts": "import orders from './orders';\napp.use('/api', orders);\n",
    "src/orders.ts": "import { total } from '@/total';\nrouter.post('/orders', (request) => total(request));\n",
    "src/total.ts": "export const total = (cart) => cart.voucher ?? cart.sum; // voucher\n",
    "server/orders.py": "from flask import Flask\napp = Flask(__name__)\n@app.post('/api/orders')\ndef take(): ...\n",
    ".github/CODEOWNERS": "/server @acme/server\n",
}


@pytest.mark.parametrize("cut", range(len(SOURCES) + 1))
def test_files_gathered_in_two_parts_give_the_index_of_all(cut: int) -> None:
    contents = [(path, text.encode()) for path, text in SOURCES.items()]
    gathered = gather(contents[:cut])
    gathered.extend(gather(contents[cut:]))
    assert index_sources("c0ffee", gathered) == index_sources("c0ffee", gather(contents))


@pytest.mark.slow
def test_many_files_are_read_by_several_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = write_repository(tmp_path / "shop", SOURCES)
    alone, _ = index_of(tmp_path / "one", Repository(tmp_path / "shop"), commit)
    monkeypatch.setattr(stored_index, "_MANY", 1)
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    together, is_new = index_of(tmp_path / "three", Repository(tmp_path / "shop"), commit)
    assert is_new
    assert msgspec.msgpack.encode(together) == msgspec.msgpack.encode(alone)
    assert together.routes
