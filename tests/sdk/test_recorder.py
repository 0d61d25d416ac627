"""The built recorder in a real Chromium: what it delivers, what it keeps to itself, how it copes with a bad door."""

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sdk.conftest import Recorded

pytestmark = pytest.mark.slow

OpenPage = Callable[..., "Recorded"]

SNAPSHOT, META = 2, 4


def _click_targets(recorded: "Recorded") -> list[dict[str, Any]]:
    return [payload["target"] for payload in recorded.payloads("retrace/click@1")]


def test_recorder_sends_the_first_snapshot_at_once(open_page: OpenPage) -> None:
    recorded = open_page("<h1>Hello</h1>", '{ release: "shop@1", distinctId: "visitor-01", metadata: { plan: "pro" } }')

    recorded.wait_for(lambda: recorded.capture.batches)

    batch = recorded.capture.batches[0]
    assert [event["type"] for event in batch["events"]][-2:] == [META, SNAPSHOT]
    assert batch["sequence"] == 0
    assert batch["flushType"] == "normal"
    assert batch["release"] == "shop@1"
    assert batch["distinctId"] == "visitor-01"
    assert batch["sdk"]["name"] == "@retrace/browser"
    assert batch["metadata"]["plan"] == "pro"
    assert batch["metadata"]["viewport"] == {"width": 1280, "height": 720}
    assert abs(batch["sentAt"] - recorded.capture.received_at_ms[0]) < 5_000
    assert recorded.capture.keys == ["rtpk_test"]


def test_click_describes_the_control_by_role_name_and_test_id(open_page: OpenPage) -> None:
    recorded = open_page(
        '<button id="pay" class="big" data-testid="pay-now" aria-label="Pay €12"><svg width="40"></svg></button>'
        '<label for="mail">Your <b>mail</b></label><input id="mail" name="mail" placeholder="me@x">'
        '<a href="#a">Go <span style="display:none">hidden</span><img alt="home" width="9" height="9"></a>'
        "<div id='plain' style='width:50px;height:20px'>plain text</div>"
    )
    recorded.page.click("svg")
    recorded.page.click("#mail")
    recorded.page.click("a")
    recorded.page.click("#plain")
    recorded.flush()

    assert _click_targets(recorded) == [
        {
            "tagName": "button",
            "interactive": True,
            "testIdAttrName": "data-testid",
            "testIdValue": "pay-now",
            "id": "pay",
            "className": "big",
            "role": "button",
            "ariaLabel": "Pay €12",
            "accessibleName": "Pay €12",
        },
        {
            "tagName": "input",
            "interactive": True,
            "id": "mail",
            "name": "mail",
            "role": "textbox",
            "accessibleName": "Your mail",
            "labelText": "Your mail",
            "placeholder": "me@x",
        },
        {"tagName": "a", "interactive": True, "role": "link", "accessibleName": "Go home", "text": "Go home"},
        {"tagName": "div", "interactive": False, "id": "plain", "text": "plain text"},
    ]


@pytest.mark.parametrize(
    ("markup", "name"),
    [
        ("<button>  Add\n to <b>cart</b> </button>", "Add to cart"),
        ("<span id=l>Close dialog</span><button aria-labelledby=l>x</button>", "Close dialog"),
        ("<button title='Zoom in'><svg width=9 height=9></svg></button>", "Zoom in"),
        ("<button><svg width=9 height=9><title>Menu</title></svg></button>", "Menu"),
        ("<button><span aria-hidden=true>★</span>Save</button>", "Save"),
        ("<button><div>One</div><div>Two</div></button>", "One Two"),
        ("<input type=submit value=Send>", "Send"),
        ("<label>Remember me <input type=checkbox></label>", "Remember me"),
    ],
)
def test_click_names_a_control_as_a_role_locator_does(open_page: OpenPage, markup: str, name: str) -> None:
    recorded = open_page(markup)
    control = recorded.page.locator("button, input").first
    control.click()
    recorded.flush()

    target = _click_targets(recorded)[-1]
    assert target["accessibleName"] == name
    assert recorded.page.get_by_role(target["role"], name=target["accessibleName"], exact=True).count() == 1


def test_click_is_described_as_it_was_before_the_page_reacted(open_page: OpenPage) -> None:
    recorded = open_page("<button>Buy</button>", script="document.onclick = (e) => e.target.remove()")
    recorded.page.evaluate("addEventListener('click', (e) => { e.target.textContent = 'Gone'; }, { capture: true })")
    recorded.page.click("button")
    recorded.flush()

    assert _click_targets(recorded)[0]["text"] == "Buy"


def test_click_carries_the_node_id_of_rrwebs_own_click(open_page: OpenPage) -> None:
    recorded = open_page("<button>One</button><p><button>Two</button></p>")
    recorded.page.click("text=One")
    recorded.page.click("text=Two")
    recorded.flush()

    rrweb_ids = [
        event["data"]["id"] for event in recorded.events if event["type"] == 3 and event["data"].get("type") == 2
    ]
    assert [payload["nodeId"] for payload in recorded.payloads("retrace/click@1")] == rrweb_ids
    assert len(set(rrweb_ids)) == 2


def test_click_by_a_script_is_not_a_persons(open_page: OpenPage) -> None:
    recorded = open_page("<button>One</button>")
    recorded.page.evaluate("document.querySelector('button').click()")
    recorded.flush()

    assert recorded.payloads("retrace/click@1") == []


def test_click_on_a_label_is_one_click(open_page: OpenPage) -> None:
    recorded = open_page("<label for=box>Express</label><input type=checkbox id=box>")
    recorded.page.click("label")
    recorded.page.click("input")
    recorded.flush()

    assert recorded.page.is_checked("input") is False
    assert [target["tagName"] for target in _click_targets(recorded)] == ["label", "input"]


def test_assertions_arrive_when_they_fail(open_page: OpenPage) -> None:
    recorded = open_page()
    recorded.page.evaluate("""() => { console.assert(1 === 1, "holds"); console.assert(1 === 2, "the total of", 3); }""")
    recorded.flush()

    lines = [(payload["level"], payload["payload"]) for payload in recorded.payloads("retrace/console@1")]
    assert lines == [("assert", ["Assertion failed", "the total of", "3"])]


def test_console_lines_arrive_in_order_without_their_secrets(open_page: OpenPage) -> None:
    recorded = open_page()
    recorded.page.evaluate("""() => {
        console.error("failed for jane@example.com", new TypeError("no push"), { token: "abc", n: 1 });
        console.warn("careful");
        console.info(document.body, [1, 2]);
        console.log("not recorded");
    }""")
    recorded.flush()

    lines = [(payload["level"], payload["payload"]) for payload in recorded.payloads("retrace/console@1")]
    assert lines == [
        ("error", ["failed for [email]", "TypeError: no push", '{"token":"[redacted]","n":1}']),
        ("warn", ["careful"]),
        ("info", ["<body>", "[1,2]"]),
    ]


def test_exceptions_arrive_with_their_stack(open_page: OpenPage) -> None:
    recorded = open_page(
        "<button>Break</button>",
        script="document.querySelector('button').onclick = function onBreak() { null.push(1); }",
    )
    recorded.page.click("button")
    recorded.page.evaluate("() => { Promise.reject(new RangeError('too far')); Promise.reject('plain'); }")
    recorded.page.wait_for_timeout(50)
    recorded.flush()

    error, rejection, plain = recorded.payloads("retrace/exception@1")
    assert error["kind"] == "onerror"
    assert error["message"] == "Uncaught TypeError: Cannot read properties of null (reading 'push')"
    assert "onBreak" in error["stack"]
    assert error["source"].startswith(recorded.address)
    assert error["line"] > 0
    assert (rejection["kind"], rejection["message"]) == ("unhandledrejection", "RangeError: too far")
    assert "RangeError" in rejection["stack"]
    assert (plain["message"], "stack" in plain) == ("plain", False)


def test_requests_of_fetch_and_xhr_arrive_with_their_outcome(open_page: OpenPage) -> None:
    recorded = open_page()
    recorded.page.evaluate("""async () => {
        const xhr = (method, url, abort) => new Promise((done) => {
            const request = new XMLHttpRequest();
            request.open(method, url);
            request.onloadend = done;
            request.send();
            if (abort) request.abort();
        });
        await fetch("/status/500?token=abc&page=2", { method: "post" });
        await fetch(new Request("/status/201"));
        await fetch("http://127.0.0.1:9/").catch(() => {});
        await xhr("get", "/status/404");
        await xhr("GET", "/status/200", true);
    }""")
    recorded.flush()

    requests = recorded.payloads("retrace/network@1")
    assert [(r["kind"], r["method"], r["url"].removeprefix(recorded.address), r.get("status")) for r in requests] == [
        ("fetch", "POST", "/status/500?token=[redacted]&page=2", 500),
        ("fetch", "GET", "/status/201", 201),
        ("fetch", "GET", "http://127.0.0.1:9/", None),
        ("xhr", "GET", "/status/404", 404),
        ("xhr", "GET", "/status/200", None),
    ]
    assert [r["error"] for r in requests if "error" in r] == ["TypeError: Failed to fetch", "abort"]
    assert all(r["durationMs"] >= 0 and r["startedAt"] > 1.6e12 for r in requests)


def test_recorder_never_reports_its_own_posts(open_page: OpenPage) -> None:
    recorded = open_page()
    for _ in range(3):
        recorded.page.evaluate("console.info('tick')")
        recorded.flush()

    assert len(recorded.capture.batches) >= 4
    assert recorded.payloads("retrace/network@1") == []


def test_events_arrive_in_the_order_they_happened(open_page: OpenPage) -> None:
    recorded = open_page(
        "<button>Go</button>",
        script="""document.querySelector('button').onclick = async () => {
            console.error("before"); await fetch("/status/500"); throw new Error("after"); }""",
    )
    recorded.page.click("button")
    recorded.page.wait_for_timeout(200)
    recorded.flush()

    own = [event["data"]["plugin"] for event in recorded.events if event["type"] == 6]
    assert own == ["retrace/click@1", "retrace/console@1", "retrace/network@1", "retrace/exception@1"]
    assert all(a["timestamp"] <= b["timestamp"] for a, b in pairwise(recorded.events))


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
    assert "secret" not in sent
    assert "Jane" not in sent
    assert _click_targets(recorded)[-1] == {"tagName": "button", "interactive": True, "role": "button"}


def test_recorder_takes_secrets_out_of_every_address_it_sends(open_page: OpenPage) -> None:
    recorded = open_page("<button>Go</button>")
    recorded.page.goto(recorded.address + "/cb?access_token=s3cr3t&tab=1#id_token=s3cr3t")
    recorded.page.wait_for_function("window.retrace !== undefined")
    recorded.page.click("button")
    recorded.page.evaluate("console.error('x')")
    recorded.flush()

    assert any("tab=1" in batch["metadata"]["url"] for batch in recorded.capture.batches)
    assert "s3cr3t" not in b"".join(recorded.capture.bodies).decode()


def test_visit_goes_on_over_page_loads_with_a_window_each(open_page: OpenPage) -> None:
    recorded = open_page("<a href='/next'>Next</a>")
    recorded.page.click("a")
    recorded.page.wait_for_url("**/next")
    recorded.page.wait_for_function("window.retrace !== undefined")
    recorded.wait_for(lambda: len({batch["windowId"] for batch in recorded.capture.batches}) == 2)
    recorded.wait_for(recorded.finals)

    first = recorded.capture.batches[0]["windowId"]
    batches = recorded.capture.batches
    assert len({batch["sessionId"] for batch in batches}) == 1
    assert [batch["sequence"] for batch in batches if batch["windowId"] == first] == [0, 1]
    assert [batch["sequence"] for batch in batches if batch["windowId"] != first] == [0]
    assert [batch["windowId"] for batch in recorded.finals()] == [first]


def test_leaving_delivers_the_end_even_when_more_waits_than_keepalive_allows(open_page: OpenPage) -> None:
    recorded = open_page(options="{ batchSize: 10000 }")
    recorded.page.evaluate(
        "() => { for (let i = 0; i < 30; i++) console.info(i, 'x'.repeat(4000)); console.error('the last line'); }"
    )
    recorded.page.goto("about:blank")
    recorded.wait_for(recorded.finals)

    (final,) = recorded.finals()
    size = max(len(body) for body in recorded.capture.bodies if b'"final"' in body)
    assert 30 * 1024 < size <= 60 * 1024
    assert final["events"][-1]["data"]["payload"]["payload"] == ["the last line"]


def test_page_that_comes_back_from_the_cache_is_a_new_window(open_page: OpenPage) -> None:
    recorded = open_page()
    recorded.page.evaluate("""() => {
        dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
        console.info("while away");
        dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
        console.info("back");
    }""")
    recorded.flush()

    windows = list(dict.fromkeys(batch["windowId"] for batch in recorded.capture.batches))
    back = [event for batch in recorded.capture.batches if batch["windowId"] == windows[1] for event in batch["events"]]
    assert len(windows) == 2
    assert [event["type"] for event in back[:2]] == [META, SNAPSHOT]
    assert [payload["payload"] for payload in recorded.payloads("retrace/console@1")] == [["back"]]


def test_batch_is_sent_again_unchanged_when_the_door_is_busy(open_page: OpenPage) -> None:
    recorded = open_page()
    recorded.wait_for(lambda: recorded.capture.batches)
    recorded.capture.statuses = [503, 429]
    recorded.page.evaluate("console.info('once')")
    recorded.flush()
    recorded.page.evaluate("console.info('later')")
    recorded.page.evaluate("retrace.flush()")
    recorded.wait_for(lambda: len(recorded.capture.batches) == 3)

    first, second, third, last = recorded.capture.bodies[1:]
    assert first == second == third != last
    assert [batch["sequence"] for batch in recorded.capture.batches] == [0, 1, 2]
    assert [payload["payload"] for payload in recorded.payloads("retrace/console@1")] == [["once"], ["later"]]


def test_batch_is_dropped_when_the_door_refuses_it_for_good(open_page: OpenPage) -> None:
    recorded = open_page()
    recorded.wait_for(lambda: recorded.capture.batches)
    recorded.capture.statuses = [400]
    recorded.page.evaluate("console.info('refused')")
    recorded.flush()
    recorded.page.evaluate("console.info('taken')")
    recorded.flush()

    assert [payload["payload"] for payload in recorded.payloads("retrace/console@1")] == [["taken"]]
    assert len(recorded.capture.bodies) == 3


def test_recording_pauses_at_its_limit_and_resumes_with_a_snapshot(open_page: OpenPage) -> None:
    recorded = open_page()
    recorded.wait_for(lambda: recorded.capture.batches)
    recorded.capture.statuses = [503]
    recorded.page.evaluate("() => { for (let i = 0; i < 3000; i++) console.info(i, 'x'.repeat(4900)); }")
    recorded.wait_for(lambda: len(recorded.payloads("retrace/console@1")) > 1000)
    recorded.wait_for(lambda: recorded.page.evaluate("retrace.flush().then(() => true)"))
    waited = sum(len(body) for body in recorded.capture.bodies[2:])
    recorded.page.evaluate("console.info('after')")
    recorded.flush()

    assert 7_500_000 < waited < 9_500_000
    assert [event["type"] for event in recorded.events[-3:]] == [META, SNAPSHOT, 6]
    assert recorded.payloads("retrace/console@1")[-1]["payload"] == ["after"]


def test_stop_sends_the_rest_and_gives_the_page_its_functions_back(open_page: OpenPage) -> None:
    recorded = open_page()
    recorded.page.evaluate("console.info('kept')")
    recorded.page.evaluate("retrace.stop()")
    recorded.page.evaluate("console.error('not ours any more')")

    native = recorded.page.evaluate(
        "[fetch, console.error, XMLHttpRequest.prototype.send].map((f) => String(f).includes('[native code]'))"
    )
    assert native == [True, True, True]
    assert [payload["payload"] for payload in recorded.payloads("retrace/console@1")] == [["kept"]]
    assert [batch["flushType"] for batch in recorded.finals()] == ["final"]


def test_identify_names_the_visitor_from_then_on(open_page: OpenPage) -> None:
    recorded = open_page()
    recorded.page.evaluate("retrace.identify('user-7', { plan: 'pro' }); console.info('x')")
    recorded.flush()

    assert [batch["distinctId"] for batch in recorded.capture.batches] == ["", "user-7"]
    assert recorded.capture.batches[-1]["metadata"]["plan"] == "pro"


def test_page_keeps_its_own_errors_when_it_is_recorded(open_page: OpenPage) -> None:
    recorded = open_page()
    seen = recorded.page.evaluate("""async () => {
        const seen = [];
        addEventListener("unhandledrejection", (event) => seen.push(event.reason.message));
        fetch("http://127.0.0.1:9/");
        const text = await (await fetch("/status/200")).text();
        await new Promise((done) => setTimeout(done, 300));
        return [...seen, text];
    }""")

    assert seen == ["Failed to fetch", "{}"]


def test_recorder_survives_a_page_that_logs_traps(open_page: OpenPage) -> None:
    recorded = open_page()
    outcome = recorded.page.evaluate("""() => {
        const trap = new Proxy({}, { ownKeys() { throw new Error("trap"); }, get() { throw new Error("trap"); } });
        console.error({ get boom() { throw new Error("getter"); } });
        console.info(trap);
        console.warn("still here");
        return "fine";
    }""")
    recorded.flush()

    assert outcome == "fine"
    assert recorded.payloads("retrace/console@1")[-1]["payload"] == ["still here"]


def test_init_without_a_key_says_so_and_leaves_the_page_alone(open_page: OpenPage) -> None:
    recorded = open_page(options="{ apiKey: '' }", script="window.after = 'reached'; retrace.start();")

    assert recorded.page.evaluate("retrace.flush().then(() => after)") == "reached"
    assert recorded.capture.bodies == []
