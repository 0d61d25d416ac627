"""What the page and the options hide stays hidden, in every stream."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sdk.conftest import Recorded

pytestmark = pytest.mark.slow

OpenPage = Callable[..., "Recorded"]


def _click_targets(recorded: "Recorded") -> list[dict[str, Any]]:
    return [payload["target"] for payload in recorded.payloads("retrace/click@1")]


def test_recorder_masks_what_is_typed_and_what_the_page_hides(open_page: OpenPage) -> None:
    recorded = open_page(
        '<input id="i" value="old-secret-value"><input type="password" id="p">'
        '<p class="private"><button>Owner Jane Roe</button></p>',
        "{ privacy: { maskTextSelector: '.private' } }",
    )
    recorded.page.type("#i", "typed-secret")
    recorded.page.type("#p", "pass-secret")
    recorded.page.click("button")
    recorded.flush()

    sent = b"".join(recorded.capture.bodies).decode()
    assert "-secret" not in sent
    assert "Jane" not in sent
    target = _click_targets(recorded)[-1]
    assert (target["tagName"], target["role"]) == ("button", "button")
    assert not {"text", "accessibleName"} & target.keys()


def test_recorder_takes_secrets_out_of_every_address_it_sends(open_page: OpenPage) -> None:
    recorded = open_page("<button>Go</button>")
    recorded.page.goto(recorded.address + "/cb?access_token=s3cr3t&tab=1#id_token=s3cr3t")
    recorded.page.wait_for_function("window.retrace !== undefined")
    recorded.page.click("button")
    recorded.page.evaluate("console.error('x')")
    recorded.flush()

    assert any("tab=1" in batch["metadata"]["url"] for batch in recorded.capture.batches)
    assert "s3cr3t" not in b"".join(recorded.capture.bodies).decode()


def _sent(recorded: "Recorded") -> str:
    recorded.flush()
    return b"".join(recorded.capture.bodies).decode()


@pytest.mark.parametrize(
    ("body", "options"),
    [
        ("<p data-retrace-mask>Owner <b title='Jane Roe'>Jane Roe</b><img alt='Jane Roe'></p>", "{}"),
        ("<div data-retrace-block><b>Jane Roe</b></div>", "{}"),
        ("<p class=who>Jane Roe</p>", "{ privacy: { maskTextSelector: '.who' } }"),
        ("<p class=who>Jane Roe</p>", "{ privacy: { blockSelector: '.who' } }"),
        ("<textarea>Jane Roe</textarea><input value='Jane Roe'><div contenteditable>Jane Roe</div>", "{}"),
        ("<input type=hidden value='Jane Roe'>", "{ privacy: { maskAllInputs: false } }"),
        ("<input autocomplete='cc-name' value='Jane Roe'>", "{ privacy: { maskAllInputs: false } }"),
        ("<input type=password value='Jane Roe' data-retrace-unmask>", "{}"),
        ("<button onclick=\"greet('Jane Roe')\">Greet</button>", "{}"),
    ],
)
def test_what_the_page_hides_stays_when_it_is_shown_changed_and_clicked(
    open_page: OpenPage, body: str, options: str
) -> None:
    recorded = open_page(f"<main>{body}</main>", options)
    recorded.page.evaluate("""() => {
        const main = document.querySelector("main");
        main.append(main.firstElementChild.cloneNode(true));
        for (const element of main.querySelectorAll("*")) {
            if (element.title) element.title += " 2";
            if (element.firstChild?.nodeType === 3 && element.isContentEditable) element.firstChild.data += " Jane Roe";
        }
    }""")
    recorded.page.wait_for_timeout(50)
    recorded.page.click("main > *", force=True) if "hidden" not in body else None

    assert "Roe" not in _sent(recorded)


def test_text_below_a_masked_shadow_host_stays_when_it_changes(open_page: OpenPage) -> None:
    recorded = open_page(
        "<div data-retrace-mask><div id=host></div></div>",
        script="host.attachShadow({ mode: 'open' }).innerHTML = '<p title=\"Jane Roe\">Jane Roe</p>';",
    )
    recorded.page.evaluate("() => { host.shadowRoot.querySelector('p').firstChild.data = 'Jane Roe again'; }")
    recorded.page.wait_for_timeout(50)

    assert "Roe" not in _sent(recorded)


def test_unmasked_field_tells_its_value_and_others_do_not(open_page: OpenPage) -> None:
    recorded = open_page("<form data-retrace-unmask><input id=a></form><input id=b>")
    recorded.page.type("#a", "blue shoes")
    recorded.page.type("#b", "red hat")
    recorded.page.click("body")
    sent = _sent(recorded)

    inputs = recorded.payloads("retrace/input@1")
    assert [(entry["valueMasked"], entry.get("value")) for entry in inputs] == [(False, "blue shoes"), (True, None)]
    assert "red hat" not in sent
    assert "blue shoes" in sent


def test_ignored_field_leaves_no_trace_of_being_used(open_page: OpenPage) -> None:
    recorded = open_page("<input data-retrace-ignore><input id=b>")
    recorded.page.type("input >> nth=0", "x1")
    recorded.page.keyboard.press("Enter")
    recorded.page.click("#b")
    recorded.flush()

    assert recorded.payloads("retrace/input@1") == []
    assert recorded.payloads("retrace/key@1") == []


def test_bad_selector_records_nothing_and_says_so(open_page: OpenPage) -> None:
    recorded = open_page(options="{ privacy: { maskTextSelector: 'div[' } }", script="retrace.start();", sends=False)

    assert recorded.page.evaluate("retrace.flush().then(() => 'fine')") == "fine"
    assert recorded.capture.bodies == []
