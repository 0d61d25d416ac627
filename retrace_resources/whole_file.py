"""Writing a file whole or not at all, so that whoever reads it meanwhile sees the old one or the new.

Belongs here: only that. Does not: what must survive a power cut (the landing sees to that itself).
"""

import os
import tempfile
from pathlib import Path

from retrace_core.errors import ErrorCode, RetraceError


def write_whole(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Replace a file, making its folder where there is none; a link stays one. Raises `file_unwritable`."""
    target = path.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                os.fchmod(file.fileno(), mode)
            os.replace(draft, target)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise RetraceError(ErrorCode.FILE_UNWRITABLE, f"{path}: {error.strerror}") from error
