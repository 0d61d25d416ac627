"""Making a test shorter: what is needed stays, whatever is tried."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrace_assets.specs.minimise import minimise, removable
from retrace_core.spec import Input, Spec
from retrace_core.spec_assertions import NoError
from retrace_core.spec_steps import AtPath, Click, Fill, Locator, Navigate, Step

BUTTON = Locator("test_id", "button")


def click(name: str, path: str = "") -> Click:
    return Click(id=name, locator=BUTTON, before=(AtPath(path),) if path else ())


def fill(name: str, text: str = "x") -> Fill:
    return Fill(id=name, locator=Locator("label", name), text=text)


def spec_of(*steps: Step, after: str = "", **inputs: Input) -> Spec:
    return Spec(
        spec_id="spec-1",
        name="A test",
        exact_steps=(Navigate(id="open", url="/"), *steps),
        assertions=(NoError(id="no-error", after=after),),
        inputs=inputs,
    )


def needing(*needed: str) -> Callable[[Spec], bool]:
    """A failure that takes these steps."""
    return lambda spec: set(needed) <= {step.id for step in spec.exact_steps}


def ids(spec: Spec) -> list[str]:
    return [step.id for step in spec.exact_steps]


def test_only_what_the_failure_takes_stays() -> None:
    spec = spec_of(*(click(f"click-{number}") for number in range(10)))
    done = minimise(spec, needing("click-3", "click-7"))
    assert ids(done.spec) == ["open", "click-3", "click-7", "click-9"]
    assert set(done.dropped) == set(ids(spec)) - set(ids(done.spec))


def test_a_test_that_needs_every_step_stays_as_it_is() -> None:
    spec = spec_of(*(click(f"click-{number}") for number in range(12)))
    done = minimise(spec, needing(*ids(spec)))
    assert (done.spec, done.dropped) == (spec, ())
    assert done.tries <= 22


def test_entries_of_the_submitted_form_are_never_tried() -> None:
    # The form is red without its card as well, and also where the bug is not.
    spec = spec_of(
        fill("search"), click("to-checkout"), fill("name"), click("pick", "/checkout"), fill("card"), click("pay")
    )
    assert removable(spec) == ("search", "to-checkout", "name", "pick")
    done = minimise(spec, lambda _: True)
    assert ids(done.spec) == ["open", "card", "pay"]


def test_the_landmark_of_a_step_that_goes_is_waited_for_by_the_next() -> None:
    spec = spec_of(click("more"), click("pick", "/checkout"), click("other"), click("pay"))
    last = minimise(spec, lambda _: True).spec.exact_steps[-1]
    assert (last.id, last.before) == ("pay", (AtPath("/checkout"),))


def test_a_step_that_waits_for_something_itself_goes_on_to() -> None:
    spec = spec_of(click("pick", "/cart"), click("pay", "/checkout"))
    assert minimise(spec, lambda _: True).spec.exact_steps[-1].before == (AtPath("/checkout"),)


def test_a_form_on_the_first_page_keeps_all_its_entries() -> None:
    spec = spec_of(fill("name"), click("more"), fill("card"), click("pay"))
    assert removable(spec) == ("more",)


def test_the_step_that_is_asserted_about_stays() -> None:
    spec = spec_of(click("apply"), click("next"), click("end"), after="apply")
    assert ids(minimise(spec, lambda _: True).spec) == ["open", "apply", "end"]


def test_inputs_go_with_the_steps_that_need_them() -> None:
    spec = spec_of(
        *(fill("search", "{{ words }}"), click("found", "/found"), fill("code", "{{ code }}"), click("apply")),
        words=Input("text"),
        code=Input("code"),
    )
    assert set(minimise(spec, lambda _: True).spec.inputs) == {"code"}


def test_it_stops_when_its_tries_are_used_up_with_what_was_shown_so_far() -> None:
    spec = spec_of(*(click(f"click-{number}") for number in range(30)))
    tried: list[Spec] = []

    def is_same(shorter: Spec) -> bool:
        tried.append(shorter)
        return needing("click-20")(shorter)

    done = minimise(spec, is_same, most_tries=3)
    assert done.tries == len(tried) == 3
    assert "click-20" in ids(done.spec)


@given(st.integers(0, 20).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, max(0, n - 1))))))
@pytest.mark.parametrize("most_tries", [5, 500])
def test_whatever_is_needed_the_result_still_shows_the_failure(most_tries: int, drawn: tuple[int, set[int]]) -> None:
    number, needed = drawn
    spec = spec_of(*(click(f"click-{each}") for each in range(number)), click("last"))
    wanted = {f"click-{each}" for each in needed if each < number}
    done = minimise(spec, needing(*wanted), most_tries=most_tries)
    assert wanted <= set(ids(done.spec))
    if most_tries == 500:
        assert set(ids(done.spec)) == {"open", "last", *wanted}
