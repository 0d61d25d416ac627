"""What goes into an app so that it records: a script tag, or the package with a bundler.

Belongs here: the texts, and pinning the build a script tag names. Does not: serving the build (`http/ingest/recorder`),
or the key in it (`keys.py`).
"""

import base64
import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from retrace_app.actions.workspace import ingest_url
from retrace_app.http.ingest.recorder import GLOBAL_RECORDER_PATH, PINNED_FOLDER, pinned_name
from retrace_core.errors import ErrorCode, RetraceError

# What goes wrong before the recorder has come is what its page most needs to tell; so many errors are kept for it.
_EARLY_ERRORS = 20

_SCRIPT_TAG = """\
<script>
  (function () {{
    var early = (window.retraceEarly = []);
    function keep(event) {{
      if (early.length < {early}) early.push(event);
    }}
    early.stop = function () {{
      removeEventListener("error", keep, true);
      removeEventListener("unhandledrejection", keep);
    }};
    addEventListener("error", keep, true);
    addEventListener("unhandledrejection", keep);
    var script = document.createElement("script");
    script.src = "{url}";
    script.integrity = "{integrity}";
    script.crossOrigin = "anonymous";
    script.async = true;
    script.onerror = early.stop;
    script.onload = function () {{
      Retrace.init({{
{options}
      }});
    }};
    document.head.appendChild(script);
  }})();
</script>
"""

_PACKAGE = """\
import {{ init }} from "@retrace/browser";

export const retrace = init({{
{options}
}});
"""

_REACT = """\
import type {{ ReactNode }} from "react";
import {{ RetraceProvider }} from "@retrace/browser/react";

const options = {{
{options}
}};

export function Recorded({{ children }}: {{ children: ReactNode }}) {{
  return <RetraceProvider options={{options}}>{{children}}</RetraceProvider>;
}}
"""


@dataclass(frozen=True, slots=True)
class PinnedRecorder:
    """A build of the recorder that stays: its file name at the door, and what browsers check it by."""

    name: str
    integrity: str


def pin_recorder(home: Path, build_path: Path = GLOBAL_RECORDER_PATH) -> PinnedRecorder:
    """Copy the build into the home, from where the door goes on serving it after an upgrade brought another.

    Raises `recorder_not_built`, or `file_unwritable`.
    """
    try:
        build = build_path.read_bytes()
    except OSError:
        hint = "in a source checkout: make setup"
        raise RetraceError(ErrorCode.RECORDER_NOT_BUILT, f"{build_path.name} is missing", hint) from None
    name = pinned_name(build)
    _keep(home / PINNED_FOLDER / name, build)
    return PinnedRecorder(name, f"sha384-{base64.b64encode(hashlib.sha384(build).digest()).decode()}")


def recorder_snippet(recorder: PinnedRecorder, base_url: str, secret: str, release: str = "") -> str:
    """Write what goes into a page's head: the recorder, loaded from the user's own door and from nowhere else."""
    return _SCRIPT_TAG.format(
        early=_EARLY_ERRORS,
        url=f"{base_url}/sdk/{recorder.name}",
        integrity=recorder.integrity,
        options=_options(8, base_url, secret, release),
    )


def package_snippet(base_url: str, secret: str, release: str = "") -> str:
    """Write a module that records with the npm package."""
    return _PACKAGE.format(options=_options(2, base_url, secret, release))


def react_snippet(base_url: str, secret: str, release: str = "") -> str:
    """Write a React component that records what is below it."""
    return _REACT.format(options=_options(2, base_url, secret, release))


def _options(indent: int, base_url: str, secret: str, release: str) -> str:
    """What `init` is given; a release is left out when there is none."""
    options = {"apiKey": secret, "ingestUrl": ingest_url(base_url)} | ({"release": release} if release else {})
    return "\n".join(f"{' ' * indent}{name}: {_javascript(value)}," for name, value in options.items())


def _javascript(text: str) -> str:
    """A string literal that neither a script nor the page around it can take for anything else."""
    return json.dumps(text).replace("<", "\\u003c")


def _keep(path: Path, build: bytes) -> None:
    """Write a build that is not there yet."""
    try:
        if path.is_file() and path.read_bytes() == build:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        # Renamed when whole: the door may look at any moment.
        descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "wb") as file:
            file.write(build)
            os.fchmod(file.fileno(), 0o644)
        os.replace(draft, path)
    except OSError as error:
        raise RetraceError(ErrorCode.FILE_UNWRITABLE, f"{path}: {error.strerror}") from error
