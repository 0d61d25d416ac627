"""Cases of failures: requests, errors, code that does not load, visits that end with them, and what only looks so.

Belongs here: what is true of requests, errors and abandoned visits. Does not: clicks without effect (clicks), what a
page shows (pages).
"""

from dataclasses import replace
from typing import Final

from playwright.async_api import Route

from bench.detectors.hands import Hands
from bench.detectors.visits.case import (
    Act,
    Case,
    broken,
    calm,
    click,
    scrolls,
    typed,
    visits,
    waits,
    wanders,
)

_AFTER: Final = ("dead_click", "session_abandon_on_error")
_GONE: Final = "session_abandon_on_error"


def _request(
    name: str, path: str, fault: str, about: str, *acts: Act, also: tuple[str, ...] = (), rest_s: float = 3.2
) -> Case:
    """A request that fails while the page says nothing."""
    detector = "network_4xx" if name.startswith("4xx") else "network_5xx"
    faults = (fault, *also)
    return broken(name, path, (*acts, waits(rest_s)), faults, detector, about=about, allowed=_AFTER)


_SAVE: Final = (typed("#name", "Kim Vale"), click("#profile button"))
_ADD: Final = (typed("#title", "Scrub the deck"), click("#add"))

REQUESTS: Final = (
    _request("4xx-tasks-404", "/board", "tasks_404", "the list answers 404, the page stays empty"),
    _request("4xx-tasks-410", "/board", "tasks_410", "the list answers 410, the page stays empty"),
    _request("4xx-task-404", "/network", "task_404", "404, “is downloading…” for ever", click("#detail")),
    _request("4xx-create-403", "/board", "create_403", "adding a task answers 403, unsaid", *_ADD),
    _request("4xx-create-400", "/board", "create_400", "adding a task answers 400, unsaid", *_ADD),
    _request("4xx-create-404", "/board", "create_404", "adding a task answers 404, unsaid", *_ADD),
    _request("4xx-delete-405", "/forms", "delete_405", "removing answers 405, unsaid", click("#delete")),
    _request("4xx-save-404", "/forms", "save_404", "saving answers 404, unsaid", *_SAVE),
    _request("4xx-save-413", "/forms", "save_413", "saving answers 413, unsaid", *_SAVE),
    _request("4xx-report-404", "/forms", "report_404", "the report answers 404, unsaid", click("#report")),
    _request("4xx-report-415", "/forms", "report_415", "the report answers 415, unsaid", click("#report")),
    _request("4xx-xhr-404", "/network", "tasks_404", "an XMLHttpRequest answers 404, unsaid", click("#xhr")),
    _request("5xx-tasks-500", "/board", "tasks_500", "the list answers 500"),
    _request("5xx-tasks-503", "/board", "tasks_503", "the list answers 503"),
    _request("5xx-create-500", "/board", "create_500", "adding a task answers 500", *_ADD),
    _request("5xx-delete-500", "/forms", "delete_500", "removing answers 500", click("#delete")),
    _request("5xx-save-500", "/forms", "save_500", "saving answers 500", *_SAVE),
    _request("5xx-save-502", "/forms", "save_502", "saving answers a proxy's 502 page", *_SAVE),
    _request("5xx-save-504", "/forms", "save_504", "saving answers 504 after 1.6 s", *_SAVE, rest_s=5.0),
    _request(
        "5xx-search-500", "/forms", "search_500", "searching answers 500", typed("#term", "rope"), click("#search")
    ),
    _request("5xx-graph-500", "/forms", "graph_500", "GraphQL answers 500", click("#graph")),
    _request("5xx-upload-500", "/forms", "upload_500", "the upload answers 500", click("#upload")),
    _request("5xx-report-507", "/forms", "report_507", "the report answers 507", click("#report")),
    _request("5xx-xhr-500", "/network", "tasks_500", "an XMLHttpRequest answers 500", click("#xhr")),
    _request("5xx-poll", "/network", "tasks_500", "polling answers 500 each time", also=("see_poll_500",), rest_s=5.0),
)


def _slow(name: str, path: str, fault: str, about: str, *acts: Act) -> Case:
    return broken(f"slow-{name}", path, (*acts, waits(8.2)), fault, "slow_request", about=about, unseen=("dead_click",))


SLOW: Final = (
    _slow("tasks", "/board", "tasks_slow", "the list answers after 3.8 s"),
    _slow("save", "/forms", "save_slow", "saving answers after 4.2 s", *_SAVE),
    _slow("search", "/forms", "search_slow", "searching answers after 5.5 s", typed("#term", "rope"), click("#search")),
    _slow("report", "/forms", "report_slow", "the report answers after 6 s", click("#report")),
    _slow("xhr", "/network", "tasks_slow", "an XMLHttpRequest answers after 3.8 s", click("#xhr")),
    _slow("more", "/board", "tasks_slow", "the list answers after 3.8 s, twice", waits(4.2), click("#more")),
    _slow("refresh", "/board", "tasks_slow", "the list is slow to be drawn anew", waits(4.2), click("#refresh")),
    _slow("save-later", "/forms", "save_slow", "saving is slow", wanders(3), scrolls(200), *_SAVE),
    _slow("report-search", "/forms", "report_slow", "the report is slow", typed("#term", "oar"), click("#report")),
    _slow("add", "/board", "tasks_slow", "the list is slow, adding is not", waits(4.0), *_ADD),
)


def _error(name: str, path: str, fault: str, about: str, *acts: Act, at_click: bool = False) -> Case:
    required = ("console_error", "error_click") if at_click else ("console_error",)
    allowed = (*_AFTER, "error_click")
    return broken(f"error-{name}", path, (*acts, waits(2.6)), fault, required, about=about, allowed=allowed)


_START: Final = click("#start")

ERRORS: Final = (
    _error("handler", "/errors", "throw_handler", "a handler throws", _START, at_click=True),
    _error("number", "/errors", "throw_number", "a message with a number in it", _START, at_click=True),
    _error("string", "/errors", "throw_string", "a handler throws a string", _START, at_click=True),
    _error("async", "/errors", "reject_async", "an async handler rejects after 120 ms", _START, at_click=True),
    _error("promise", "/errors", "reject_promise", "a promise nobody handles", _START, at_click=True),
    _error("json", "/errors", "throw_json", "JSON that is HTML", _START, at_click=True),
    _error(
        "add", "/board", "add_throws", "adding a task throws", typed("#title", "Oars"), click("#add"), at_click=True
    ),
    _error("search", "/forms", "search_throws", "searching throws", click("#search"), at_click=True),
    _error("save", "/forms", "save_throws", "submitting throws", *_SAVE, at_click=True),
    _error("timer", "/errors", "throw_timer", "a timer throws", _START),
    _error("printed", "/errors", "print_error", "console.error", _START),
    _error("printed-exception", "/errors", "print_exception", "console.error of a caught exception", _START),
    _error("assert", "/errors", "print_assert", "a failed console.assert", _START),
    _error("load", "/errors", "throw_load", "the page throws while it loads"),
    _error("input", "/errors", "throw_input", "an input handler throws", typed("#speed", "900")),
    broken(
        "error-after-500",
        "/forms",
        (*_SAVE, waits(2.6)),
        ("save_500", "save_rejects"),
        ("console_error", "network_5xx"),
        about="a rejection after a 500",
        allowed=_AFTER,
        unseen=("error_click",),
    ),
    _error("event", "/errors", "throw_event", "a listener of the page's own event throws", click("#inspect")),
)
_OPEN: Final = click("#panel-button")


def _chunk(name: str, path: str, faults: tuple[str, ...], about: str, *acts: Act, more: tuple[str, ...] = ()) -> Case:
    required = ("failed_chunk", *more)
    allowed = (*_AFTER, "console_error", "error_click", "network_4xx", "network_5xx")
    return broken(
        f"chunk-{name}",
        path,
        (*acts, waits(2.2), wanders(2), waits(2.0)),
        faults,
        required,
        about=about,
        allowed=allowed,
    )


CHUNKS: Final = (
    _chunk("import-404", "/errors", ("chunk_404",), "a lazy module answers 404", _OPEN, more=("console_error",)),
    _chunk("import-503", "/errors", ("chunk_503",), "a lazy module answers 503", _OPEN, more=("console_error",)),
    _chunk("tag-404", "/errors", ("chunk_404_tag",), "a script tag answers 404", _OPEN, more=("console_error",)),
    _chunk("twice-404", "/errors", ("chunk_404",), "somebody tries again", _OPEN, waits(1.5), _OPEN),
    _chunk("twice-503", "/errors", ("chunk_503",), "somebody tries again", _OPEN, waits(1.5), _OPEN),
    _chunk("after-use-404", "/errors", ("chunk_404",), "the panel fails later", _START, waits(1.0), _OPEN),
    _chunk("after-use-tag", "/errors", ("chunk_404_tag",), "the panel fails later", _START, waits(1.0), _OPEN),
    _chunk("boot-404", "/app", ("boot_chunk", "chunk_404"), "the app's chunk answers 404", more=("blank_render",)),
    _chunk("boot-503", "/app", ("boot_chunk", "chunk_503"), "the app's chunk answers 503", more=("blank_render",)),
    _chunk("scrolled-503", "/errors", ("chunk_503",), "the panel fails later", scrolls(200), wanders(2), _OPEN),
)


def _cuts(endpoint: str) -> Act:
    """The connection is cut whenever the page asks for something."""

    async def act(hands: Hands) -> None:
        async def cut(route: Route) -> None:
            await route.abort("connectionreset")

        await hands.page.route(f"**/api/{endpoint}", cut)

    return act


async def _saving_fails_once(hands: Hands) -> None:
    failed = False

    async def answer(route: Route) -> None:
        nonlocal failed
        if failed:
            await route.continue_()
        else:
            failed = True
            await route.fulfill(status=500, body="{}", content_type="application/json")

    await hands.page.route("**/api/settings", answer)


def _left(name: str, path: str, faults: tuple[str, ...], cause: tuple[str, ...], about: str, *acts: Act) -> Case:
    """Somebody was about to finish something, saw it fail, and leaves."""
    allowed = ("dead_click", "error_click", "console_error")
    return broken(f"left-{name}", path, (*acts, *_GOES), faults, (_GONE, *cause), about=about, allowed=allowed)


def _passed(name: str, path: str, faults: tuple[str, ...], cause: tuple[str, ...], about: str, *acts: Act) -> Case:
    """Somebody leaves after a failure of something that was to finish nothing: perhaps they had seen enough."""
    case = _left(name, path, faults, cause, about, *acts)
    return replace(case, required=case.required - {_GONE}, allowed=case.allowed | {_GONE})


# The pointer moves on its way to the button that closes the page.
_GOES: Final = (waits(1.0), wanders(1), waits(0.6))
_TITLED: Final = (typed("#title", "Oars"), click("#add"))
_SENT: Final = click("#report")
_JOINED: Final = (typed("#join-email", "kim@vale.example"), click("#join button"))

ABANDONED: Final = (
    _left("save-500", "/forms", ("save_500",), ("network_5xx",), "leaves after a silent 500", *_SAVE),
    _left("save-502", "/forms", ("save_502",), ("network_5xx",), "leaves after a proxy's page", *_SAVE),
    _left("save-404", "/forms", ("save_404",), ("network_4xx",), "leaves after a silent 404", *_SAVE),
    _left("save-throws", "/forms", ("save_throws",), ("console_error",), "leaves after an exception", *_SAVE),
    _left(
        *("save-rejects", "/forms", ("save_500", "save_rejects"), ("network_5xx", "console_error")),
        *("leaves after a 500 and a rejection", *_SAVE),
    ),
    _left(
        *(
            "said",
            "/forms",
            ("save_500", "save_says"),
            ("network_5xx", "error_toast"),
            "leaves after a message",
            *_SAVE,
        ),
    ),
    _left("printed", "/forms", ("save_500", "save_prints"), ("network_5xx",), "leaves after a printed error", *_SAVE),
    _left("cut", "/forms", (), ("console_error",), "leaves after a cut connection", _cuts("settings"), *_SAVE),
    _left("create-500", "/board", ("create_500",), ("network_5xx",), "leaves without the task", *_TITLED),
    _left("create-404", "/board", ("create_404",), ("network_4xx",), "leaves without the task", *_TITLED),
    _left("create-throws", "/board", ("add_throws",), ("console_error",), "leaves without the task", *_TITLED),
    _left("report-507", "/forms", ("report_507",), ("network_5xx",), "leaves after a silent 507", _SENT),
    _left("report-404", "/forms", ("report_404",), ("network_4xx",), "leaves after a silent 404", _SENT),
    _left("join-cut", "/forms", (), ("console_error",), "leaves without an account", _cuts("signup"), *_JOINED),
    _passed("rejects", "/errors", ("reject_async",), ("console_error",), "leaves after a rejection", _START),
    _passed("list-500", "/board", ("tasks_500",), ("network_5xx",), "leaves a page without its list"),
    _passed("detail-404", "/network", ("task_404",), ("network_4xx",), "leaves a page that hangs", click("#detail")),
    _passed("chunk", "/errors", ("chunk_404",), ("failed_chunk", "console_error"), "leaves a dead panel", _OPEN),
    _passed("upload", "/forms", ("upload_500",), ("network_5xx",), "leaves after a failed upload", click("#upload")),
    _passed("graph", "/forms", ("graph_500",), ("network_5xx",), "leaves after GraphQL's 500", click("#graph")),
    _passed("search", "/forms", ("search_throws",), ("console_error",), "leaves a dead search", click("#search")),
)


def _stayed(name: str, path: str, faults: tuple[str, ...], required: tuple[str, ...], about: str, *acts: Act) -> Case:
    """A failure that nobody leaves for."""
    allowed = ("dead_click", "error_click")
    return broken(f"stayed-{name}", path, acts, faults, required, about=about, allowed=allowed)


_GO_ON: Final = (waits(1.5), typed("#term", "oakum"), click("#search"), waits(2.0), click("#favourite"), waits(2.6))

STAYED: Final = (
    _stayed("early", "/forms", ("graph_500",), ("network_5xx",), "an early failure", click("#graph"), *_GO_ON),
    _stayed(
        "again",
        "/forms",
        (),
        ("network_5xx",),
        "the second try works",
        _saving_fails_once,
        *_SAVE,
        waits(1.0),
        click("#profile button"),
        waits(1.6),
    ),
    _stayed("thrown", "/forms", ("save_throws",), ("console_error",), "goes on after an error", *_SAVE, *_GO_ON),
    _stayed("missing", "/forms", ("report_404",), ("network_4xx",), "goes on after a 404", click("#report"), *_GO_ON),
    _stayed(
        "waits",
        "/board",
        ("tasks_500",),
        ("network_5xx",),
        "reads on for long",
        scrolls(300),
        wanders(4),
        waits(4.0),
        wanders(3),
        scrolls(-200),
        waits(2.5),
    ),
)


def _quiet(name: str, about: str, *acts: Act, faults: tuple[str, ...], path: str = "/errors") -> Case:
    return calm(f"calm-{name}", path, (*(acts or (_START,)), waits(1.4)), about, faults=faults)


_JOIN: Final = click("#join button")

CALM: Final = (
    _quiet("warn", "console.warn with the word error", faults=("calm_warn",)),
    _quiet("info", "console.info with the word error", faults=("calm_info",)),
    _quiet("log", "console.log that begins like an exception", faults=("calm_log",)),
    _quiet("debug", "console.debug of a stack", faults=("calm_debug",)),
    _quiet("assert", "a console.assert that holds", faults=("calm_assert",)),
    _quiet("table", "console.table with the word error", faults=("calm_table",)),
    _quiet("caught", "an exception that is caught and dealt with", faults=("calm_caught",)),
    _quiet("handled", "a rejection that is handled", faults=("calm_handled",)),
    _quiet("aborted", "a request the page aborts itself", faults=("calm_abort",)),
    _quiet("resize", "ResizeObserver's notice", faults=("noise_resize",)),
    _quiet("extension", "an extension throws", faults=("noise_extension",)),
    _quiet("foreign", "a script of somebody else throws: “Script error.”", faults=("noise_foreign",)),
    _quiet("picture", "a picture is not there, the page copes", faults=("noise_picture",)),
    _quiet("favicon-gone", "the favicon is not there", faults=("noise_favicon",)),
    calm("calm-guest", "/network", (click("#detail"), waits(1.4)), "a guest is told so by a 401", faults=("see_me",)),
    calm(
        "calm-beacon",
        "/network",
        (click("#detail"), waits(1.4)),
        "somebody else's counter is gone",
        faults=("see_beacon",),
    ),
    calm(
        "calm-beacon-403",
        "/network",
        (click("#detail"), waits(1.4)),
        "somebody else's counter refuses",
        faults=("see_beacon_403",),
    ),
    calm(
        "calm-favicons",
        "/network",
        (click("#detail"), waits(1.4)),
        "favicon, manifest and source map are not there",
        faults=("see_favicon",),
    ),
    calm(
        "calm-username", "/network", (typed("#username", "kimvale"), click("h1"), waits(2.0)), "404: the name is free"
    ),
    calm("calm-quota", "/network", (click("#quota"), waits(2.4)), "429, a second later 200"),
    calm("calm-job", "/network", (click("#run"), waits(3.4)), "404 until the report is made"),
    calm("calm-probe", "/network", (click("#export"), waits(1.6)), "HEAD says 404, so it is made"),
    calm(
        "calm-stale",
        "/network",
        (click("#note"), waits(1.6)),
        "412, and the page says what to do",
        allowed=("error_toast",),
    ),
    calm("calm-skeletons", "/network", (click("#listing"), waits(3.4)), "skeletons for 2.2 s"),
    calm("calm-soft-error", "/network", (click("#soft"), waits(1.4)), "an address and a body with 500 in it"),
    calm("calm-long-poll", "/network", (click("#detail"), waits(5.6)), "a long poll", faults=("see_long_poll",)),
    calm("calm-stream", "/network", (waits(5.4),), "server-sent events", faults=("see_stream",)),
    calm(
        "calm-left-poll",
        "/network",
        (click("#detail"), waits(1.0)),
        "leaves while a poll is under way",
        faults=("see_long_poll",),
    ),
    calm(
        "calm-left-saving",
        "/forms",
        (*_SAVE, waits(0.6)),
        "leaves while saving is under way",
        faults=("save_slow",),
        allowed=("slow_request",),
    ),
    calm(
        "calm-upload",
        "/forms",
        (click("#upload"), waits(5.0)),
        "an upload takes 3.6 s",
        unseen=("dead_click",),
        allowed=("slow_request",),
    ),
    calm("calm-signup", "/forms", (typed("#join-email", "kim@vale.example"), _JOIN, waits(1.8)), "an account is made"),
    calm(
        "calm-signup-422",
        "/forms",
        (typed("#join-email", "kim"), _JOIN, waits(1.8)),
        "422, explained",
        allowed=("error_toast",),
    ),
    calm(
        "calm-signup-409",
        "/forms",
        (typed("#join-email", "taken@vale.example"), _JOIN, waits(1.8)),
        "409, explained",
        allowed=("error_toast",),
    ),
    calm(
        "calm-signup-403",
        "/forms",
        (typed("#join-email", "kim@vale.example"), typed("#code", "OLD"), _JOIN, waits(1.8)),
        "403, explained",
        allowed=("error_toast",),
    ),
    calm(
        "calm-signup-then",
        "/forms",
        (typed("#join-email", "kim"), _JOIN, waits(1.4), typed("#join-email", "kim@vale.example"), _JOIN, waits(1.4)),
        "422, explained, then it works",
        allowed=("error_toast",),
    ),
    calm(
        "calm-login-401",
        "/forms",
        (typed("#password", "wrong"), click("#login button"), waits(1.4)),
        "401, explained",
        allowed=("error_toast",),
    ),
    calm("calm-save", "/forms", (*_SAVE, waits(1.6)), "settings are saved"),
    calm(
        "calm-delete", "/forms", (click("#delete"), click("#report"), click("#graph"), waits(1.6)), "everything works"
    ),
    calm("calm-optimistic", "/forms", (click("#favourite"), waits(1.2)), "the star is drawn before the server knows"),
    calm("calm-search", "/forms", (typed("#term", "rope"), click("#search"), waits(1.6)), "a search"),
    calm("calm-chunk", "/errors", (_OPEN, waits(1.6)), "a lazy module loads"),
    calm("calm-revisit", "/errors", (_START, visits("/forms"), click("#search"), waits(1.6)), "two pages"),
)
