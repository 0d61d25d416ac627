"""A thousand secrets planted wherever a page can hold one: none is in the bytes that leave it."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sdk.conftest import Recorded

pytestmark = pytest.mark.slow

OpenPage = Callable[..., "Recorded"]

# Makes a secret of a number: the whole text, and the part of it that must not be found in what was sent.
KINDS = """
const run = (n) => "Zq7" + String(n).padStart(6, "0") + "Xw4Kp9Rt2Vb8Ns5";
const last3 = (n) => String(n).padStart(3, "0").slice(-3);
const KINDS = [
  (n) => ["person" + n + ".roe@mail.example.com", "person" + n + ".roe"],
  (n) => ["sk_" + "live_" + run(n), run(n)],
  (n) => ["gh" + "p_" + run(n) + "Ab3dEf6hIj9k", run(n)],
  (n) => ["eyJ" + "hbGciOiJIUzI1NiJ9." + run(n) + "." + run(n), run(n)],
  (n) => ["rts" + "t_" + run(n), run(n)],
  (n) => ["Bearer " + run(n), run(n)],
  (n) => ["password: " + run(n), run(n)],
  (n) => ["4111 1111 1" + last3(n) + " 1111", "4111 1111 1" + last3(n)],
  (n) => ["access_token=" + run(n), run(n)],
  (n) => ["AK" + "IA" + String(n).padStart(6, "0") + "ABCDEFGHIJ", "IA" + String(n).padStart(6, "0") + "ABCDEFGHIJ"],
];
const planted = [];
const secret = () => {
  const [text, core] = KINDS[planted.length % KINDS.length](planted.length);
  planted.push(core);
  return text;
};
// No secret by its looks: only where it stands tells.
const plain = () => { const core = "correct-horse-" + planted.length + "-battery"; planted.push(core); return core; };
"""

PLANT = (
    "async () => {"
    + KINDS
    + """
  const times = (count, plant) => { for (let i = 0; i < count; i++) plant(i); };
  const add = (tag, attributes = {}, text = "") => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.textContent = text;
    document.body.append(element);
    return element;
  };
  times(100, () => add("p", {}, "text " + secret()));
  times(60, () => add("p", {}, "text").firstChild.data = "changed " + secret());
  times(30, () => {
    const note = add("p");
    for (const attribute of ["title", "data-note", "aria-label"]) note.setAttribute(attribute, secret());
  });
  times(40, () => add("div", { "data-token": plain(), "data-api-key": plain() }));
  times(40, () => add("a", { href: "/go?session=" + plain() + "&q=" + secret() }, "Go"));
  times(20, () => add("a", { href: "/reset/" + run(planted.push(run(planted.length)) - 1) }, "Reset"));
  times(20, () => add("img", { srcset: "/x.png?token=" + plain() + " 2x", alt: secret() }));
  times(30, () => add("input", { type: "hidden", name: "state", value: plain() }));
  times(30, () => add("input", { type: "text", value: plain(), placeholder: secret() }));
  times(30, () => add("input", { type: "password", value: plain() }));
  times(20, () => { const input = add("input", { value: plain() }); input.value = ""; });
  times(20, () => add("textarea", {}, plain()));
  times(20, () => add("div", { contenteditable: "true" }, plain()));
  times(20, () => add("button", { onclick: "void '" + plain() + "'" }, "Run"));
  times(20, () => document.head.append(add("meta", { name: "csrf-token", content: plain() })));
  times(10, () => add("style", {}, "p::after { content: '" + secret() + "' }"));
  times(10, () => add("iframe", { srcdoc: "<p>" + secret() + "</p><input value='" + plain() + "'>" }));
  times(40, () => console.error("failed", secret(), { note: secret(), password: plain() }));
  times(20, () => console.warn(new Error(secret())));
  times(20, () => setTimeout(() => { throw new Error("broken by " + secret()); }));
  times(20, () => Promise.reject(new Error(secret())));
  times(20, () => retrace.captureException(new TypeError(secret())));
  times(20, () => retrace.addBreadcrumb({ message: secret(), data: { token: plain(), note: secret() } }));
  times(20, () => localStorage.setItem("of " + secret(), plain()));
  times(20, () => sessionStorage.setItem("auth_token", plain()));
  times(10, (i) => (document.cookie = "c" + i + "=" + plain()));
  times(20, (i) => retrace.identify(secret(), { ["note" + i]: secret(), apiKey: plain(), deep: [{ otp: plain() }] }));
  times(20, () => history.pushState({}, "", "/at?code=" + plain() + "#id_token=" + plain()));
  for (let i = 0; i < 20; i++) {
    await fetch("/status/200?api_key=" + plain() + "&mail=" + encodeURIComponent(secret()), {
      method: "POST",
      headers: { authorization: "Bearer " + plain(), "x-note": plain() },
      body: JSON.stringify({ password: plain() }),
    });
  }
  window.alert = ((show) => (message) => show(message))(window.alert);
  times(10, () => alert("Hello " + secret()));
  for (const input of [...document.querySelectorAll("input[type=text]")].slice(0, 5)) {
    input.focus();
    input.value = plain();
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }
  setTimeout(() => { throw new Error("the last"); });
  await new Promise((done) => setTimeout(done, 300));
  return planted;
}"""
)


def _plant(recorded: "Recorded") -> list[str]:
    page = recorded.page
    page.on("dialog", lambda dialog: dialog.accept())
    planted: list[str] = page.evaluate(PLANT)
    for at, selector in enumerate(("textarea >> nth=0", "[contenteditable] >> nth=0", "[type=password] >> nth=0")):
        page.type(selector, f"typed-{at}-horse-battery")
        planted.append(f"typed-{at}-horse-battery")
    page.click("p >> nth=0")
    page.click("button >> nth=0")
    recorded.flush()
    page.goto("about:blank")
    recorded.wait_for(recorded.finals)
    return planted


def _found(recorded: "Recorded", planted: list[str]) -> list[str]:
    # As text: an escaped secret is a secret.
    sent = json.dumps([json.loads(body) for body in recorded.capture.bodies], ensure_ascii=False)
    return [core for core in planted if core in sent]


def test_no_planted_secret_leaves_the_page_with_default_options(open_page: OpenPage) -> None:
    recorded = open_page()
    planted = _plant(recorded)

    assert len(planted) >= 1_000
    assert _found(recorded, planted) == []


def test_planted_secrets_are_found_where_nothing_redacts(open_page: OpenPage) -> None:
    # Takes the rules away under the recorder: what is left finds out whether the search above could fail at all.
    recorded = open_page("<script>String.prototype.replace = function () { return String(this); };</script>")
    planted = _plant(recorded)

    assert len(_found(recorded, planted)) > 300
