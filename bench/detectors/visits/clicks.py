"""Cases of clicks: controls that do nothing, clicked once or in anger, and all that only looks like it.

Belongs here: what is true of dead and rage clicks and of thrashed cursors. Does not: failures that speak (failures).
"""

from dataclasses import replace
from typing import Final

from bench.detectors.hands import Hands
from bench.detectors.visits.case import (
    Case,
    broken,
    calm,
    click,
    drags,
    often,
    presses,
    scrolls,
    shakes,
    typed,
    visits,
    waits,
    wanders,
)

# Others wait up to 7 s before they call a click dead: all must have the time.
_LONG: Final = 7.6
_DEAD: Final = ("dead_click",)


def _dead(name: str, path: str, target: str, faults: tuple[str, ...], about: str, *first: str) -> Case:
    acts = (*map(click, first), wanders(2), click(target), waits(_LONG), wanders(1), waits(0.5))
    return broken(f"dead-{name}", path, acts, faults, _DEAD, about=about)


def _rage(
    name: str,
    path: str,
    target: str,
    faults: tuple[str, ...],
    about: str,
    *,
    times: int = 5,
    more: tuple[str, ...] = (),
) -> Case:
    acts = (wanders(1), click(target), waits(1.6), often(target, times), waits(_LONG), wanders(1), waits(0.5))
    allowed = ("dead_click", "session_abandon_on_error", "error_click")
    return broken(f"rage-{name}", path, acts, faults, ("rage_click", *more), about=about, allowed=allowed)


DEAD: Final = (
    _dead("archive", "/board", "#archive", ("archive_dead",), "“Archive done” has no listener"),
    _dead("more", "/board", "#more", ("more_dead",), "“Load more” has no listener"),
    _dead("reply-icon", "/board", "#reply svg", ("reply_dead",), "an icon button has no listener"),
    _dead("menu", "/board", "#menu", ("menu_dead",), "the menu does not open"),
    _dead("hash-button", "/board", "#filters", ("filters_dead",), "a link made a button swallows the click"),
    _dead("close", "/board", "#close", ("close_dead",), "the dialog does not close"),
    _dead("beacon", "/board", "#sync", ("sync_beacon",), "the click is counted by somebody else, and that is all"),
    _dead("clock", "/board", "#archive", ("archive_dead", "ambient_clock"), "no listener, on a page with a clock"),
    _dead("remount", "/board", "#reply", ("reply_remount",), "the button is replaced by its equal, and that is all"),
    _dead("snap-back", "/board", "#pin", ("pin_snaps_back",), "the toggle falls back after 60 ms"),
    _dead("older", "/steps", "#older", ("older_dead",), "“Show more” returns early"),
    _dead("wizard", "/steps", "#next-step", ("next_dead",), "the wizard does not go on"),
    _dead("hidden-required", "/forms", "#hidden-required button", (), "a hidden required field blocks the form"),
)

# The page showed that it was at work: whether that is an answer is for people to argue about.
BUSY: Final = tuple(
    replace(case, required=frozenset(), allowed=frozenset(_DEAD))
    for case in (
        _dead("blinks", "/board", "#sync", ("sync_blinks",), "the button is disabled for 150 ms, and that is all"),
        _dead("spins", "/board", "#sync", ("sync_spins",), "a spinner comes and goes, and nothing has happened"),
    )
)

RAGE: Final = (
    _rage("archive", "/board", "#archive", ("archive_dead",), "angry at a button without a listener"),
    _rage("more", "/board", "#more", ("more_dead",), "angry at “Load more”", times=6),
    _rage("menu", "/board", "#menu", ("menu_dead",), "angry at a menu that does not open", times=4),
    _rage("reply-icon", "/board", "#reply svg", ("reply_dead",), "angry at an icon button"),
    _rage("remount", "/board", "#reply", ("reply_remount",), "angry at a button that is replaced by its equal"),
    _rage("filters", "/board", "#filters", ("filters_dead",), "angry at a link made a button", times=6),
    _rage("close", "/board", "#close", ("close_dead",), "angry at a dialog that stays"),
    _rage("card", "/board", "#card", ("card_dead",), "angry at a card that looks clickable", times=7),
    _rage("clock", "/board", "#archive", ("archive_dead", "ambient_clock"), "angry on a page with a clock"),
    _rage("spins", "/board", "#sync", ("sync_spins",), "angry at a button that only spins", times=6),
    _rage("beacon", "/board", "#sync", ("sync_beacon",), "angry at a button that only reports"),
    _rage("wizard", "/steps", "#next-step", ("next_dead",), "angry at a wizard that stays where it is"),
    _rage("save-500", "/forms", "#report", ("report_507",), "angry at a silent 507", more=("network_5xx",)),
    _rage("throws", "/errors", "#start", ("throw_handler",), "angry at a throwing handler", more=("console_error",)),
    _rage("delete-405", "/forms", "#delete", ("delete_405",), "angry at a silent 405", more=("network_4xx",)),
    broken(
        "rage-slow-search",
        "/forms",
        (typed("#term", "rope"), click("#search"), waits(1.2), often("#search", 5), waits(8.5)),
        "search_slow",
        ("rage_click", "slow_request"),
        about="angry at a search that answers after 5.5 s and says nothing until then",
        unseen=("dead_click",),
    ),
)

_SHAKEN: Final = (
    ("board-slow", "/board", ("tasks_slow",), ("slow_request",)),
    ("board-dead", "/board", ("archive_dead",), ()),
    ("steps", "/steps", (), ()),
    ("forms", "/forms", (), ()),
    ("messages", "/messages", (), ()),
    ("network", "/network", (), ()),
    ("controls", "/controls", (), ()),
    ("media", "/media", (), ()),
    ("errors", "/errors", (), ()),
    ("app", "/app#/home", (), ()),
)
SHAKEN: Final = tuple(
    broken(
        f"shake-{name}",
        path,
        (waits(0.6), wanders(2), shakes(), waits(1.0), wanders(2), shakes(1.8), waits(1.5)),
        faults,
        ("thrashed_cursor", *more),
        about="somebody shakes the mouse at a page",
        mouse_only=True,
    )
    for name, path, faults, more in _SHAKEN
)


def _one_click(name: str, path: str, target: str, about: str, *, mouse_only: bool = False) -> Case:
    return calm(f"calm-{name}", path, (wanders(1), click(target), waits(3.4)), about, mouse_only=mouse_only)


async def _attaches(hands: Hands) -> None:
    await hands.attach("#file", "boat.txt")
    await hands.look(3.0, 3.4)


async def _pages(hands: Hands) -> None:
    links = hands.page.get_by_role("navigation", name="Pages").get_by_role("link")
    await hands.click_each([links.nth(place) for place in range(6)])
    await hands.look(2.5, 3.0)


async def _asks_for_more(hands: Hands) -> None:
    # The button moves down with each new line, and the pointer with it.
    await hands.click_each([hands.find("#older")] * 5)
    await hands.look(2.5, 3.0)


async def _dials(hands: Hands) -> None:
    pad = hands.page.locator("#pad button")
    await hands.click_each([pad.nth(place) for place in (0, 0, 0, 4, 4, 4, 1, 1)])
    await hands.look(2.5, 3.0)


async def _hops(hands: Hands) -> None:
    fields = hands.page.locator("#otp input")
    for place in (0, 0, 0, 1, 2, 3):
        await hands.click_each([fields.nth(place)])
        await hands.page.keyboard.press("ControlOrMeta+a")
        await hands.page.keyboard.type("4")
    await hands.look(2.5, 3.0)


async def _tags(hands: Hands) -> None:
    tags = hands.page.locator(".tag")
    await hands.click_each([tags.nth(place) for place in (0, 1, 2, 3, 0, 1)])
    await hands.look(2.5, 3.0)


async def _selects_word(hands: Hands) -> None:
    await hands.select_text("#prose", 2)
    await hands.look(3.0, 3.4)


async def _selects_paragraph(hands: Hands) -> None:
    await hands.select_text("#prose", 3)
    await hands.select_text("#prose", 3)
    await hands.look(3.0, 3.4)


async def _edits_title(hands: Hands) -> None:
    await hands.select_text("#editable-title", 2)
    await hands.look(3.0, 3.4)


async def _sketches(hands: Hands) -> None:
    await hands.dot("#sketch", 9)
    await hands.look(2.8, 3.2)


async def _picks_rig(hands: Hands) -> None:
    await hands.choose("#rig", "Ketch")
    await hands.look(3.0, 3.4)


async def _picks_date(hands: Hands) -> None:
    await hands.click("#date")
    await hands.page.locator("#date").fill("2019-05-04")
    await hands.look(3.0, 3.4)


async def _presses_disabled(hands: Hands) -> None:
    await hands.click_often("#locked", 2, (0.4, 0.7))
    await hands.click("#locked-aria")
    await hands.look(3.0, 3.4)


async def _reads_frame(hands: Hands) -> None:
    await hands.click("#frame")
    await hands.look(3.0, 3.4)


CALM: Final = (
    _one_click("new-tab", "/controls", "#new-tab", "the link opens a new tab"),
    _one_click("download", "/controls", "#download", "the link downloads a file"),
    _one_click("blob", "/controls", "#blob", "the link downloads what the page made"),
    _one_click("mail", "/controls", "#mail", "the link opens a mail program"),
    _one_click("phone", "/controls", "#phone", "the link opens a telephone"),
    _one_click("hash-link", "/controls", "#jump", "the link scrolls to a section"),
    _one_click("already-on-top", "/controls", "#here", "the link leads to where one is: the top"),
    _one_click("target", "/controls", "#sheet-link", "CSS shows what the address names"),
    _one_click("plain-input", "/controls", "#plain", "a click puts the caret into a field"),
    _one_click("area", "/controls", "#area", "a click puts the caret into a text area"),
    _one_click("editable", "/controls", "#editable", "a click puts the caret into editable text"),
    _one_click("colour", "/controls", "#colour", "the browser shows its colour picker", mouse_only=True),
    _one_click("checkbox", "/controls", "#check", "the box is ticked"),
    _one_click("radio", "/controls", "#two", "the other mast is chosen"),
    _one_click("range", "/controls", "#range", "the slider jumps to where one clicks"),
    _one_click("details", "/controls", "#details summary", "the answer unfolds"),
    _one_click("css-switch", "/controls", "#hack-label", "a hidden box and CSS unfold the chapters"),
    _one_click("selected-tab", "/controls", "#tab-a", "the tab is the one that is shown"),
    _one_click("other-tab", "/controls", "#tab-b", "the other tab is shown"),
    _one_click("copy", "/controls", "#copy", "the link is copied, the button says so for 1.5 s"),
    _one_click("copy-quiet", "/controls", "#copy-quiet", "an id is copied without a word"),
    _one_click("print", "/controls", "#print", "the browser prints"),
    _one_click("popover", "/controls", "#popover-button", "the browser shows a popover"),
    _one_click("blank-space", "/controls", "h1", "a click on a heading, as people do while they read"),
    _one_click("prose", "/controls", "#prose", "a click on text"),
    _one_click("image", "/media", "#image", "a click on a picture"),
    _one_click("video", "/media", "#video", "the video's own controls"),
    calm("calm-select", "/controls", (_picks_rig,), "a list is opened and an entry chosen"),
    calm("calm-date", "/controls", (_picks_date,), "a date is chosen"),
    calm("calm-file", "/controls", (_attaches,), "a file is chosen", mouse_only=True),
    calm("calm-select-word", "/controls", (_selects_word,), "a double click selects a word", mouse_only=True),
    calm(
        "calm-select-paragraph",
        "/controls",
        (_selects_paragraph,),
        "triple clicks select a paragraph",
        mouse_only=True,
    ),
    calm("calm-disabled", "/controls", (_presses_disabled,), "the buttons are disabled and say why"),
    calm("calm-to-top", "/controls", (scrolls(900), click("#top-button"), waits(3.2)), "the page scrolls up"),
    calm(
        "calm-slow-answer",
        "/controls",
        (click("#slow"), waits(6.2)),
        "the server answers after 4 s and the page then says so",
        allowed=("slow_request",),
        unseen=("dead_click",),
    ),
    calm("calm-frame", "/media", (_reads_frame,), "a click inside another document"),
    calm("calm-stepper", "/steps", (often("#plus", 7), often("#less", 4), waits(2.6)), "a stepper"),
    calm("calm-number", "/controls", (click("#plain"), typed("#plain", "Alma"), waits(2.6)), "a field is filled in"),
    calm("calm-pager", "/steps", (_pages,), "six quick clicks on six pages"),
    calm("calm-calendar", "/steps", (often("#forth", 6), often("#back", 3), waits(2.6)), "half a year ahead"),
    calm("calm-older", "/steps", (_asks_for_more,), "“Show more” five times, more each time"),
    calm("calm-like", "/steps", (often("#like", 4), waits(2.6)), "on and off and on"),
    calm("calm-undo", "/steps", (often("#undo", 6), waits(2.6)), "six steps back"),
    calm("calm-pad", "/steps", (_dials,), "a code with repeated digits"),
    calm("calm-otp", "/steps", (_hops,), "hopping between fields of a code"),
    calm("calm-wizard", "/steps", (often("#next-step", 5), waits(2.6)), "an impatient walk through a wizard"),
    calm("calm-tags", "/steps", (_tags,), "several tags, quickly"),
    calm("calm-nights", "/steps", (often("#nights", 4), waits(2.6)), "clicks into a number field"),
    calm("calm-edit-title", "/steps", (_edits_title,), "a double click makes a title editable", mouse_only=True),
    calm("calm-carousel", "/media", (often("#next", 6), often("#previous", 4), waits(2.6)), "leafing through pictures"),
    calm("calm-zoom", "/media", (often("#zoom", 5), waits(2.6)), "zooming in"),
    calm("calm-game", "/media", (often("#bell", 12), waits(2.6)), "a game that is made of clicks"),
    calm("calm-dots", "/media", (_sketches,), "drawing dots on a canvas"),
    calm(
        "calm-drawing",
        "/media",
        (drags("#sketch", (60, 20), (-60, -20), (60, -10), (-50, 10), (40, 30)), waits(2.6)),
        "drawing to and fro on a canvas",
        mouse_only=True,
    ),
    calm("calm-map", "/media", (drags("#map", (60, 30), (90, 10)), waits(2.6)), "dragging a map", mouse_only=True),
    calm(
        "calm-handle", "/media", (drags("#handle", (80, 2), (140, 0)), waits(2.6)), "dragging a handle", mouse_only=True
    ),
    calm(
        "calm-board",
        "/board",
        (
            typed("#title", "Scrub the deck"),
            click("#add"),
            click("#more"),
            click("#pin"),
            click("#archive"),
            waits(2.6),
        ),
        "the board works",
    ),
    calm("calm-sync", "/board", (click("#sync"), click("#menu"), click("#filters"), waits(2.8)), "the tools work"),
    calm("calm-dialog", "/board", (click("#close"), waits(2.8)), "the dialog closes", faults=("welcome_open",)),
    calm("calm-card", "/board", (click("#card"), waits(1.6)), "a card leads to another page"),
    calm("calm-reading", "/board", (scrolls(400), wanders(4), scrolls(-300), wanders(3), waits(1.5)), "reading only"),
    calm(
        "calm-escape", "/board", (presses("Escape"), waits(2.4)), "the dialog closes by key", faults=("welcome_open",)
    ),
    calm(
        "calm-pages",
        "/board",
        (click("header a:nth-child(2)"), waits(0.8), click("header a:nth-child(3)"), waits(0.8), visits("/forms")),
        "from page to page",
    ),
)
