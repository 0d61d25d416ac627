"""The demo shop, running on loopback for the length of a block.

Belongs here: where the shop's files are, starting and stopping it, handing it the recorder. Does not: the shop itself
(`examples/shop`), who visits it (`visitors.py`).
"""

import importlib.util
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from starlette.types import ASGIApp

from retrace_app.demo.serving import serving
from retrace_core.errors import ErrorCode, RetraceError

# Where the stored visits happened, and where the shop is looked for if nothing else is said.
SHOP_PORT = 8790

_PACKAGE = Path(__file__).parent.parent
_RECORDER = _PACKAGE / "http" / "ingest" / "static" / "retrace.js"
_MODULE = "retrace_demo_shop"


def shop_folder() -> Path:
    """Locate the shop: inside the installed package, else beside it in a source checkout."""
    installed = _PACKAGE / "examples" / "shop"
    return installed if installed.is_dir() else _PACKAGE.parent / "examples" / "shop"


def recorder_file() -> Path:
    """Locate the built browser recorder. Raises RECORDER_NOT_BUILT."""
    if not _RECORDER.is_file():
        hint = "Build it once: npm --prefix sdk/browser ci && npm --prefix sdk/browser run build"
        raise RetraceError(ErrorCode.RECORDER_NOT_BUILT, hint=hint)
    return _RECORDER


@contextmanager
def running_shop(
    faults: Collection[str] = (), *, door_url: str = "", sdk_key: str = "", port: int = 0
) -> Iterator[str]:
    """Serve the shop while the block runs; yields its address, such as `http://127.0.0.1:8790`.

    With a `door_url` (`…/api/sdk/replay`) each page records itself to it under `sdk_key`. Port 0 takes a free one.
    Raises PORT_IN_USE, RECORDER_NOT_BUILT.
    """
    with serving(shop_application(faults, door_url=door_url, sdk_key=sdk_key), port) as address:
        yield address


def shop_application(faults: Collection[str] = (), *, door_url: str = "", sdk_key: str = "") -> ASGIApp:
    """Build the shop as `running_shop` serves it. Raises RECORDER_NOT_BUILT."""
    shop = _shop_module()
    recorder = shop.Recorder(recorder_file(), door_url, sdk_key) if door_url else None
    application: ASGIApp = shop.create_shop(shop.parse_faults(",".join(faults)), recorder)
    return application


def _shop_module() -> ModuleType:
    # Under a name of our own: an `examples` package of somebody else may come first on the path.
    if known := sys.modules.get(_MODULE):
        return known
    folder = shop_folder()
    spec = importlib.util.spec_from_file_location(
        _MODULE, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise RetraceError(ErrorCode.NOT_FOUND, f"The demo shop is not at {folder}.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[_MODULE] = module
    spec.loader.exec_module(module)
    return module
