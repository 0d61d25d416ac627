"""The bugs, and what a person does who meets them.

Belongs here: one story a bug, told with the detours people take. Does not: serving the builds (faults, sites).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from bench.reproduce.faults import Answer, Fault, Rewrite
from retrace_app.demo.person import Person

Story = Callable[[Person], Awaitable[None]]

_BOOM: Final = '{"message": "boom"}'


@dataclass(frozen=True)
class Bug:
    """One bug of one app."""

    name: str
    site: str
    faults: tuple[Fault, ...]
    story: Story


async def _sign_in(person: Person, again: int = 0) -> None:
    page = person.page
    await person.visit("/#/login")
    await person.type(page.get_by_placeholder("Email"), "mara@example.test")
    await person.type(page.get_by_placeholder("Password"), "er and right")
    for _ in range(again + 1):
        await person.click(page.get_by_role("button", name="Sign in"))
        await person.look(0.8, 1.0)


async def _likes(person: Person) -> None:
    page = person.page
    await _sign_in(person)
    await person.click(page.get_by_role("link", name="Home").first)
    await person.click(page.get_by_role("heading", name="Reading tide tables, part 2"))
    await person.look(0.6, 0.9)
    like = page.get_by_role("button", name="Favorite article").first
    for _ in range(4):
        await person.click(like)
    await person.look(2.6, 3.0)


async def _publishes(person: Person) -> None:
    page = person.page
    await _sign_in(person)
    await person.click(page.get_by_role("link", name="New Post").first)
    await person.look(0.4, 0.6)
    await person.type(page.get_by_placeholder("Article Title"), "Slack water")
    await person.type(page.get_by_placeholder("What's this article about?"), "When it turns")
    await person.type(page.get_by_label("Body"), "Between ebb and flood.")
    for _ in range(3):
        await person.click(page.get_by_role("button", name="Publish Article"))
        await person.look(0.5, 0.8)
    await person.look(2.6, 3.0)


async def _cannot_sign_in(person: Person) -> None:
    await person.visit("/")
    await person.click(person.page.get_by_role("link", name="Sign in").first)
    await _sign_in(person, again=3)
    await person.look(2.6, 3.0)


async def _comments(person: Person) -> None:
    page = person.page
    await _sign_in(person)
    await person.visit("/#/article/tide-tables-3")
    await person.type(page.get_by_label("Write comment"), "What about springs and neaps?")
    for _ in range(3):
        await person.click(page.get_by_role("button", name="Submit"))
        await person.look(0.5, 0.8)
    await person.look(2.6, 3.0)


async def _follows(person: Person) -> None:
    page = person.page
    await _sign_in(person)
    await person.visit("/#/profile/jonas")
    await person.look(0.4, 0.6)
    for _ in range(4):
        await person.click(page.get_by_role("button", name="Follow").first)
    await person.look(2.6, 3.0)


async def _reads_the_list(person: Person) -> None:
    await person.visit("/")
    await person.look(2.0, 2.6)
    await person.reload()
    await person.look(2.0, 2.6)


async def _changes_settings(person: Person) -> None:
    page = person.page
    await _sign_in(person)
    await person.click(page.get_by_role("link", name="Settings").first)
    await person.look(0.4, 0.6)
    await person.type(page.get_by_label("Bio"), "Reads tide tables")
    for _ in range(3):
        await person.click(page.get_by_role("button", name="Update Settings"))
        await person.look(0.5, 0.8)
    await person.look(2.6, 3.0)


async def _opens_an_article(person: Person) -> None:
    page = person.page
    await person.visit("/")
    await person.scroll(300)
    await person.click(page.get_by_role("heading", name="Reading tide tables, part 5"))
    await person.look(2.8, 3.2)


async def _wants_to_sign_in(person: Person) -> None:
    await person.visit("/")
    for _ in range(4):
        await person.click(person.page.get_by_role("link", name="Sign in").first)
    await person.look(2.8, 3.2)


async def _fetches(person: Person) -> None:
    page = person.page
    await person.visit("/")
    await person.click(page.get_by_role("link", name="Commands").first)
    await person.look(0.8, 1.2)
    await person.visit("/commands/network-requests")
    for _ in range(4):
        await person.click(page.get_by_role("button", name="Get Comment"))
    await person.look(2.8, 3.2)


async def _submits(person: Person) -> None:
    page = person.page
    await person.visit("/commands/actions")
    await person.type(page.get_by_label("Coupon Code"), "HALFOFF")
    for _ in range(3):
        await person.click(page.locator(".action-form").get_by_role("button", name="Submit"))
    await person.look(2.8, 3.2)


async def _opens_the_popover(person: Person) -> None:
    await person.visit("/commands/actions")
    for _ in range(4):
        await person.click(person.page.get_by_role("button", name="Click to toggle popover"))
    await person.look(2.8, 3.2)


async def _some_todos(person: Person) -> None:
    await person.visit("/")
    for todo in ("Buy rope", "Splice it", "Coil it"):
        await person.type(person.page.locator(".new-todo"), todo)
        await person.press("Enter")


async def _clears(person: Person) -> None:
    page = person.page
    await _some_todos(person)
    await person.click(page.locator(".todo-list .toggle").nth(1))
    for _ in range(4):
        await person.click(page.get_by_role("button", name="Clear completed"))
    await person.look(2.8, 3.2)


async def _toggles_all(person: Person) -> None:
    await _some_todos(person)
    for _ in range(2):
        await person.click(person.page.locator("label[for=toggle-all]"))
    await person.look(2.8, 3.2)


async def _removes(person: Person) -> None:
    page = person.page
    await _some_todos(person)
    await person.click(page.get_by_text("Splice it"))
    for _ in range(4):
        await person.click(page.locator(".todo-list li").nth(1).locator(".destroy"))
    await person.look(2.8, 3.2)


# What the stand-in for the server does not do by itself, and the app needs to work.
WORKING: Final[tuple[Fault, ...]] = (
    Answer("POST", r"/api/articles", 200, '{"article": {"slug": "tide-tables-9"}}'),
    Answer("PUT", r"/comments/1", 200, '{"body": "A comment"}'),
)

BUGS: Final = (
    Bug("favorite_500", "conduit", (Answer("POST", r"/api/articles/[^/]+/favorite", 500, _BOOM),), _likes),
    Bug("publish_500", "conduit", (Answer("POST", r"/api/articles", 500, _BOOM),), _publishes),
    Bug("login_500", "conduit", (Answer("POST", r"/api/users/login", 500, _BOOM),), _cannot_sign_in),
    Bug("comment_500", "conduit", (Answer("POST", r"/api/articles/[^/]+/comments", 500, _BOOM),), _comments),
    Bug("follow_500", "conduit", (Answer("POST", r"/api/profiles/[^/]+/follow", 500, _BOOM),), _follows),
    Bug(
        "null_author",
        "conduit",
        (Answer("GET", r"/api/articles", 200, '{"articles": [{"slug": "a", "author": null}], "articlesCount": 1}'),),
        _reads_the_list,
    ),
    Bug("settings_500", "conduit", (Answer("PUT", r"/api/user", 500, _BOOM),), _changes_settings),
    Bug("article_500", "conduit", (Answer("GET", r"/api/articles/[^/]+", 500, _BOOM),), _opens_an_article),
    Bug("tags_500", "conduit", (Answer("GET", r"/api/tags", 500, _BOOM),), _reads_the_list),
    Bug(
        "chunk_missing",
        "conduit",
        (Answer("GET", r"/assets/Login-.*\.js", 404, media_type="text/html"),),
        _wants_to_sign_in,
    ),
    Bug("comment_get_500", "kitchensink", (Answer("GET", r"/comments/1", 500, _BOOM),), _fetches),
    Bug(
        "submit_throws",
        "kitchensink",
        (Rewrite("scripts.js", "$('<p>Your form has been submitted!</p>')", "$('<p>' + undefined.text + '</p>')"),),
        _submits,
    ),
    Bug(
        "popover_dead",
        "kitchensink",
        (Rewrite("scripts.js", ".popover()", ".length"),),
        _opens_the_popover,
    ),
    Bug(
        "clear_dead",
        "todomvc_backbone",
        (Rewrite("app-view.js", '_.invoke(app.todos.completed(), "destroy");', ""),),
        _clears,
    ),
    Bug(
        "toggle_all_throws",
        "todomvc_backbone",
        (Rewrite("app-view.js", "const completed = this.allCheckbox.checked;", "const completed = this.all.checked;"),),
        _toggles_all,
    ),
    Bug(
        "remove_throws",
        "todomvc_backbone",
        (Rewrite("todo-view.js", "this.model.destroy();", "this.model.remove();"),),
        _removes,
    ),
    Bug(
        "remove_dead",
        "todomvc_javascript-es6",
        (Rewrite("app.bundle.js", 's(this.$todoList,".destroy","click"', 's(this.$todoList,".destroyed","click"'),),
        _removes,
    ),
)
