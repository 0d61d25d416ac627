"""The demo goes on: two incidents become tests that are red in the shop with its bugs and green in the one without.

Belongs here: which incidents, the two builds, and what came of them. Does not: how a test is made, run or proven
(actions.reproduce).
"""

from collections.abc import Callable, Collection, Sequence
from typing import Final

from retrace_app.actions.incidents import Incident
from retrace_app.actions.reproduce import How, prove, reproduce, run_test
from retrace_app.demo.shop_server import running_shop
from retrace_core.certificate import Certificate
from retrace_core.test_run import TestRun
from retrace_resources.settings import Settings

TIMES: Final = 3
"""Runs a side: a first look has no time for more."""

WITH_BUGS: Final = "shop with its bugs"
WITHOUT: Final = "shop without"

# A first look has no time for all of them: these need no login, and their tests end soon.
_CHOSEN: Final = ("POST /api/orders answers 500", "reading 'push'")

# Told of each run: how many have ended, and how many there will be.
OnRun = Callable[[int, int], None]


def reproduce_two(
    settings: Settings,
    incidents: Sequence[Incident],
    faults: Collection[str],
    on_run: OnRun,
    *,
    to_fix: str = "",
    times: int = TIMES,
) -> list[Certificate]:
    """See two incidents red, and prove them on a shop without bugs; raises what a test that cannot run does.

    One that is to be fixed is proven by its fix.
    """
    chosen = [incident for incident in incidents if any(words in incident.title for words in _CHOSEN)]
    ended = 0

    def one_more(_: TestRun) -> None:
        nonlocal ended
        ended += 1
        on_run(ended, times * sum(1 if incident.public_id == to_fix else 2 for incident in chosen))

    certificates: list[Certificate] = []
    with running_shop(faults) as broken, running_shop() as whole:
        for incident in chosen:
            red = reproduce(settings, incident.public_id, How(app_url=broken, build=WITH_BUGS, times=times), one_more)
            if incident.public_id != to_fix:
                run_test(settings, red.spec_id, How(app_url=whole, build=WITHOUT, times=times), one_more)
                certificates.append(prove(settings, incident.public_id, times=times)[0])
    return certificates
