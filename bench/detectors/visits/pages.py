"""Cases of what a page shows: error messages, blank pages, and all that only looks like them.

Belongs here: what is true of messages and blank pages. Does not: what caused them (failures).
"""

from typing import Final

from bench.detectors.visits.case import Act, Case, broken, calm, click, typed, waits, wanders

_GONE: Final = "session_abandon_on_error"


def _says(name: str, fault: str, about: str) -> Case:
    return broken(
        f"toast-{name}", "/messages", (wanders(1), click("#send"), waits(3.0)), fault, "error_toast", about=about
    )


_SAVE: Final = (typed("#name", "Kim Vale"), click("#profile button"), waits(2.8))

TOASTS: Final = (
    _says("alert", "toast_alert", "a toast with role=alert"),
    _says("class", "toast_class", "a toast that is an error by its class and text only"),
    _says("long", "toast_long", "a longer message"),
    _says("snackbar", "toast_snackbar", "a component library's snackbar"),
    _says("german", "toast_german", "a message in German"),
    _says("french", "toast_french", "a message in French"),
    _says("banner", "toast_banner", "a banner at the top"),
    _says("dialog", "toast_dialog", "a dialog"),
    _says("live", "toast_live", "a text put into a live region"),
    _says("unhidden", "toast_unhidden", "a prepared message is no longer hidden"),
    _says("boundary", "toast_boundary", "an error boundary in place of a section"),
    _says("offline", "toast_offline", "the network is gone"),
    broken(
        "toast-save-500",
        "/forms",
        _SAVE,
        ("save_500", "save_says"),
        ("error_toast", "network_5xx"),
        about="saving fails and the page says so",
        allowed=(_GONE,),
    ),
    broken(
        "toast-delete-500",
        "/forms",
        (click("#delete"), waits(2.8)),
        ("delete_500", "act_says"),
        ("error_toast", "network_5xx"),
        about="removing fails and the page says so",
        allowed=(_GONE,),
    ),
    broken(
        "toast-report-404",
        "/forms",
        (click("#report"), waits(2.8)),
        ("report_404", "act_says"),
        ("error_toast",),
        about="the report fails and the page says so",
        allowed=(_GONE, "network_4xx"),
    ),
)


def _calm_message(name: str, about: str, *acts: Act, faults: tuple[str, ...] = ()) -> Case:
    return calm(f"calm-say-{name}", "/messages", (wanders(1), *acts, waits(2.6)), about, faults=faults)


CALM_MESSAGES: Final = (
    _calm_message("sent", "a success toast", click("#send")),
    _calm_message("alert-ok", "good news with role=alert", click("#send"), faults=("say_alert_ok",)),
    _calm_message("alert-success", "class alert alert-success", click("#send"), faults=("say_alert_class",)),
    _calm_message("online", "back online", click("#send"), faults=("say_info",)),
    _calm_message("undo", "archived, with a way back", click("#send"), faults=("say_undo",)),
    _calm_message("cookies", "a cookie banner", click("#send"), faults=("say_cookies",)),
    _calm_message("promo", "an advertisement in a toast", click("#send"), faults=("say_promo",)),
    _calm_message("badge", "a badge and a message that says “failed”", click("#fetch")),
    _calm_message("thread", "a thread about an error", click("#open")),
    _calm_message("build", "a report with 0 errors", click("#build")),
    _calm_message("help", "help about an error message", click("#docs")),
    _calm_message("draft", "a notification about a draft", click("#save")),
    calm(
        "calm-say-required",
        "/messages",
        (click("#to"), click("h1"), waits(2.4)),
        "a hint beside a field that was left empty",
    ),
    calm(
        "calm-say-name", "/forms", (click("#profile button"), waits(2.4)), "a hint beside a field that was left empty"
    ),
)

_BLANK: Final = ("blank_render",)
_ALLOWED: Final = (_GONE, "error_click", "dead_click")


def _blank(
    name: str, fault: str, about: str, *acts: Act, more: tuple[str, ...] = (), allowed: tuple[str, ...] = ()
) -> Case:
    required = (*_BLANK, *more)
    return broken(
        f"blank-{name}",
        "/app",
        (*acts, waits(2.6), wanders(2), waits(2.4)),
        fault.split(),
        required,
        about=about,
        allowed=(*_ALLOWED, *allowed),
    )


_FLEET: Final = click("header a:nth-child(2)")

BLANKS: Final = (
    _blank("boot-throws", "boot_throws", "the app throws before it draws anything", more=("console_error",)),
    _blank("boot-hangs", "boot_hangs", "the app waits for ever before it draws anything"),
    _blank("boot-500", "boot_500 tasks_500", "the first request answers 500", more=("console_error", "network_5xx")),
    _blank("boot-hidden", "boot_hidden", "the app stays invisible"),
    _blank("wiped", "wiped_by_handler", "a handler wipes the page", click("#again"), more=("console_error",)),
    _blank(
        "unmounted",
        "unmounted_by_error",
        "an error unmounts the page",
        click("#again"),
        more=("console_error", "error_click"),
    ),
    _blank("hidden", "hidden_by_class", "a class hides the page", click("#again")),
    _blank("route-throws", "route_throws", "a route throws when the old page is gone", _FLEET, more=("console_error",)),
    _blank("route-empty", "route_empty", "a route draws nothing", _FLEET),
    _blank("route-hangs", "route_hangs", "a route waits for ever", _FLEET),
    _blank("route-wrappers", "route_wrappers", "a route draws its wrappers only", _FLEET),
)


def _drawn(name: str, about: str, *acts: Act, faults: tuple[str, ...] = (), path: str = "/app") -> Case:
    return calm(f"calm-{name}", path, (*acts, waits(4.2)), about, faults=faults)


CALM_PAGES: Final = (
    _drawn("gap", "0.6 s between two routes", _FLEET, faults=("calm_gap",)),
    _drawn("page-skeleton", "a skeleton for 3.5 s", faults=("calm_skeleton",)),
    _drawn("loading", "“Loading…” for 3 s", faults=("calm_loading",)),
    _drawn("spinner", "a spinner without a word for 3 s", faults=("calm_spinner",)),
    _drawn("redirect", "a page that only leads to another", faults=("calm_redirect",)),
    _drawn("thanks", "a page of one word", path="/app#/thanks"),
    _drawn("picture-page", "a page of one picture", path="/app#/picture"),
    _drawn("canvas-page", "a page drawn on a canvas", path="/app#/canvas"),
    _drawn("vector-page", "a page of one drawing", path="/app#/vector"),
    _drawn("frame-page", "a page of one frame", path="/app#/frame"),
    _drawn("shadow-page", "a page inside a shadow tree", path="/app#/shadow"),
    _drawn("routes", "from route to route", _FLEET, click("header a:nth-child(3)"), click("header a:nth-child(1)")),
    calm("calm-glance", "/app", (waits(0.2),), "somebody looks in and leaves"),
)
