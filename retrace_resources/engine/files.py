"""Files for a spec's uploads: small, valid ones of the kind that was chosen.

Belongs here: their content. Does not: which files a spec names.
"""

import base64
from pathlib import Path
from typing import Final

# A pixel of each; what reads a picture's header takes them for what they say.
_PNG: Final = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
_GIF: Final = "R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="
_TEXTS: Final = {
    ".csv": "name,number\nfirst,1\n",
    ".json": '{"name": "first"}\n',
    ".svg": '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>\n',
    ".xml": "<?xml version='1.0'?><root/>\n",
    ".html": "<!doctype html><title>File</title>\n",
    ".pdf": "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    "trailer<</Root 1 0 R>>\n%%EOF\n",
}
_BINARIES: Final = {".png": _PNG, ".gif": _GIF}


def file_of(name: str, folder: Path) -> Path:
    """The file a step names: a path that exists, or one made up in `folder` by its extension."""
    given = Path(name).expanduser()
    if given.is_file():
        return given
    suffix = given.suffix.lower() or (name.lower() if name.startswith(".") else ".txt")
    path = folder / f"upload{suffix}"
    path.write_bytes(file_content(suffix))
    return path


def file_content(suffix: str) -> bytes:
    """A small file of the kind an extension (`.png`) names; any text where it is no kind we know."""
    if suffix in _BINARIES:
        return base64.b64decode(_BINARIES[suffix])
    return _TEXTS.get(suffix, "A file.\n").encode()
