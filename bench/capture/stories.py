"""What is done in the visits: on each app a few stories that between them use every kind of control and failure.

Belongs here: the stories. Does not: who watches (ledger), or what a person can do (ledger.Person).
"""

from collections.abc import Awaitable, Callable
from typing import Final

from bench.capture.conduit_api import BROKEN_SLUG
from bench.capture.ledger import Person

Story = Callable[[Person], Awaitable[None]]


async def _shop_buys(person: Person) -> None:
    await person.open("/")
    await person.click("main a[href^='/']")
    await person.open("/")
    await person.click("main a[href^='/products/']")
    await person.click("[data-testid=add-to-cart]")
    await person.look(0.3)
    await person.break_it("cart.total")
    await person.open("/cart")
    await person.type("[name=code]", "SAIL")
    await person.look(0.2)
    await person.back()


async def _shop_signs_in(person: Person) -> None:
    page = person.page
    await person.open("/login")
    await person.type("input[type=email]", "ada@example.test")
    await person.type("input[type=password]", "not the password")
    await person.click(page.get_by_role("button", name="Log in").first)
    await person.look(0.4)
    await person.open("/products/9999")
    await person.click(page.get_by_role("link").first)


async def _conduit_reads(person: Person) -> None:
    page = person.page
    await person.open("/")
    await person.click("a:has-text('part 2')")
    await person.look(0.3)
    await person.click("a.author")
    await person.look(0.3)
    await person.back()
    # Left sooner, the app would not have asked for the article again.
    await page.locator(".article-page h1").first.wait_for()
    await person.click(page.get_by_role("link", name="Home").first)
    await person.open("/#/article/no-such-article")
    await person.look(0.3)


async def _conduit_signs_in(person: Person) -> None:
    page = person.page
    await person.open("/#/login")
    await person.type("input[type=email]", "mara@example.test")
    await person.type("input[type=password]", "wrong")
    await person.click(page.get_by_role("button", name="Sign in"))
    await person.look(0.3)
    await person.type("input[type=password]", "er and right")
    await person.click(page.get_by_role("button", name="Sign in"))
    await person.look(0.4)
    await person.open(f"/#/article/{BROKEN_SLUG}")
    await person.look(0.3)
    await person.click(page.get_by_role("button", name="Favorite article").first)
    await person.look(0.3)
    await person.type("textarea", "What about springs and neaps?")
    await person.click("form button")
    await person.look(0.3)


async def _conduit_publishes(person: Person) -> None:
    page = person.page
    await person.open("/#/login")
    await person.type("input[type=email]", "jonas@example.test")
    await person.type("input[type=password]", "anything")
    await person.click(page.get_by_role("button", name="Sign in"))
    await person.look(0.4)
    await person.click(page.get_by_role("link", name="New Post").first)
    await person.look(0.3)
    await person.type(page.get_by_placeholder("Article Title"), "Slack water")
    await person.type(page.get_by_placeholder("What's this article about?"), "When it turns")
    await person.break_it("draft.save")
    await person.type("textarea", "Between ebb and flood.")
    await person.click(page.get_by_role("button", name="Publish Article").first)
    await person.look(0.4)


async def _kitchensink_acts(person: Person) -> None:
    await person.open("/commands/actions")
    await person.type(".action-email", "fake@example.test")
    await person.type(".action-blur", "Somebody")
    await person.type("#couponCode1", "HALFOFF")
    await person.click(".action-form button")
    await person.tick(".action-checkboxes [type=checkbox]")
    await person.tick(".action-radios [type=radio]", "radio")
    await person.break_it("form.validate")
    await person.choose(".action-select", "fr-bananas")
    await person.choose(".action-select", "fr-apples")
    await person.click(".action-btn")
    await person.click("#action-canvas", position={"x": 80, "y": 75})
    await person.click(".action-labels .label >> nth=2")


async def _kitchensink_fetches(person: Person) -> None:
    await person.open("/")
    await person.click(".home-list a >> nth=0")
    await person.look(0.2)
    await person.open("/commands/network-requests")
    await person.click(".network-btn")
    await person.click(".network-post")
    await person.click(".network-put")
    await person.look(0.3)
    await person.open("/commands/storage")
    await person.click(".ls-btn")
    await person.back()


def _todos(field: str, box: str) -> Story:
    async def story(person: Person) -> None:
        await person.open("/")
        for todo in ("Buy rope", "Splice it", "Coil it"):
            await person.type(field, todo)
            await person.press(field, "Enter")
        await person.tick(f"{box} >> nth=1")
        await person.break_it("todo.toggle")
        await person.click("text=Active")
        await person.click("text=Completed")
        await person.click(".filters a >> nth=0")

    return story


STORIES: Final[dict[str, tuple[Story, ...]]] = {
    "shop": (_shop_buys, _shop_signs_in),
    "conduit": (_conduit_reads, _conduit_signs_in, _conduit_publishes),
    "kitchensink": (_kitchensink_acts, _kitchensink_fetches),
    **{
        f"todomvc_{name}": (_todos(".new-todo", ".todo-list .toggle"),)
        for name in ("react", "vue", "backbone", "javascript-es6")
    },
}
