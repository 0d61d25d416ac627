"""Being logged in when a run begins: by a form, or by headers that go with each call to the app.

Belongs here: the ways a spec names in `auth_mode`. Does not: a stored state of the browser (engine), or sending headers
(traffic).
"""

import json
from collections.abc import Mapping
from typing import Final
from urllib.parse import urljoin

from playwright.sync_api import Error as PlaywrightError

from retrace_core.spec import Spec
from retrace_resources.engine.steps import Acting
from retrace_resources.engine.stopped import Stopped

_PASSWORD: Final = "input[type=password]"  # noqa: S105 - a selector
# The field before the password, in the order of the page, is the account's, whatever it is called.
_ACCOUNT: Final = (
    "xpath=//input[@type='password'][1]/preceding::input[not(@type) or @type='text' or @type='email' or @type='tel'][1]"
)


def login_headers(spec: Spec, variables: Mapping[str, str]) -> dict[str, str]:
    """Headers that log a run in; raises Stopped `missing_input`."""
    if spec.auth_mode == "jwt":
        return {"authorization": f"Bearer {_needed(variables, spec.auth_jwt_env)}"}
    if spec.auth_mode == "headers":
        name = spec.auth_headers_env
        try:
            headers = json.loads(_needed(variables, name))
        except json.JSONDecodeError as error:
            raise Stopped("missing_input", f"{name} holds no JSON object of headers") from error
        if not isinstance(headers, dict):
            raise Stopped("missing_input", f"{name} holds no JSON object of headers")
        return {str(key).lower(): str(value) for key, value in headers.items()}
    return {}


def log_in(acting: Acting, spec: Spec) -> None:
    """Fill in and send the login form of a spec that has one; raises Stopped `login_failed` or `missing_input`."""
    if spec.auth_mode != "form":
        return
    page = acting.page
    password = _needed(acting.options.values, spec.auth_password_env)
    try:
        page.goto(urljoin(acting.app_url.rstrip("/") + "/", spec.auth_login_url), timeout=acting.timeout_ms)
        field = page.locator(_PASSWORD).first
        field.wait_for(timeout=acting.options.step_ms)
        if spec.auth_username:
            page.locator(_ACCOUNT).first.fill(spec.auth_username)
        field.fill(password)
        field.press("Enter")
        field.wait_for(state="hidden", timeout=acting.options.step_ms)
        loads = [call.status for call in acting.watch.calls if call.is_document and call.status]
        if loads and loads[-1] >= 400:
            raise Stopped("login_failed", f"{spec.auth_login_url}: it was answered {loads[-1]}")
    except PlaywrightError as error:
        line = error.message.strip().partition("\n")[0]
        raise Stopped("login_failed", f"{spec.auth_login_url}: {line}") from None


def _needed(variables: Mapping[str, str], name: str) -> str:
    value = variables.get(name, "")
    if not value:
        raise Stopped("missing_input", f"set {name}")
    return value
