"""Does a recording become a test that is red with the bug and green without?

Three parts: the demo shop's faults, from its stored visits, each also run on the builds of all other faults; and
seeded bugs in apps of others, recorded by plain rrweb and by our recorder.

    python -m bench.reproduce [--times 20] [--foreign-times 5] [--only shop|plain|ours]

Apps of others come from the folder that `RETRACE_BENCH_APPS` names (bench/capture/sites.py says how to fill it).
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from bench.capture.sites import APPS_VARIABLE, serving_sites
from bench.figures import Figure, print_figures
from bench.reproduce.bugs import BUGS, WORKING
from bench.reproduce.faults import Build
from bench.reproduce.judging import Judged, run_times
from bench.reproduce.recording import Recorder, incidents_of, recorded_sites, visit
from retrace_app.demo.run import seed
from retrace_app.demo.shop_server import running_shop
from retrace_app.demo.visitors import FAULTS, VISITORS
from retrace_assets.specs.update import rebuild, spec_id_of
from retrace_resources.engine.engine import Engine
from retrace_resources.lake import Lake
from retrace_resources.settings import Settings, load_settings
from retrace_resources.spec_files import ui_specs

# What a person needs, counted by hand on the pages of the shop: opening a page, entries and clicks.
FEWEST_STEPS: Final = {
    "throwing_handler": 2,
    "dead_button": 5,
    "checkout_500": 13,
    "orders_404": 6,
    "error_toast": 8,
    "blank_route": 2,
}
_SHOP: Final = {"RETRACE_TESTER_AUTH_USERNAME": "ada@north.example", "RETRACE_TESTER_AUTH_PASSWORD": "fair-winds"}
_APPS: Final = {"RETRACE_TESTER_AUTH_USERNAME": "mara@example.test", "RETRACE_TESTER_AUTH_PASSWORD": "er and right"}
_OTHER_TIMES: Final = 2


def shop(settings: Settings, times: int) -> Iterator[Judged]:
    """Judge the test of each fault of the shop."""
    seed(settings, lambda *_: None)
    faults = {visitor.name: visitor.fault for visitor in VISITORS}
    with Lake(settings.home) as lake:
        rows = lake.query(
            "SELECT DISTINCT incident_id, signals.distinct_id FROM incidents "
            "JOIN issues ON list_contains(issue_ids, issue_id) "
            "JOIN signals ON list_contains(fingerprints, signals.fingerprint) ORDER BY ALL"
        )
        by_incident = {incident: faults.get(visitor, "") for incident, visitor in rows.rows()}
        with Engine() as engine:
            for incident, fault in by_incident.items():
                rebuild(lake, ui_specs(settings.home), incident)
                spec = ui_specs(settings.home).find(spec_id_of(incident))
                if spec is None:
                    print(f"NO  {fault:<18} {incident}  no test can be made", flush=True)
                    continue
                judged = Judged(fault, incident, spec)
                with running_shop({fault}) as url:
                    judged.red = run_times(engine, spec, url, _SHOP, times)
                with running_shop() as url:
                    judged.green = run_times(engine, spec, url, _SHOP, times)
                for other in FAULTS:
                    if other != fault:
                        with running_shop({other}) as url:
                            judged.others += run_times(engine, spec, url, _SHOP, _OTHER_TIMES)
                print(judged.line(), flush=True)
                yield judged


def foreign(settings: Settings, recorder: Recorder, times: int) -> Iterator[Judged]:
    """Judge the tests of the seeded bugs, as one recorder has recorded them."""
    build = Build(WORKING)
    bugs = [bug for bug in BUGS if bug.site in _served()]
    with recorded_sites(settings.home, recorder, build) as sites:
        sessions = visit(sites, build, bugs)
    found = incidents_of(settings, sessions)
    files = ui_specs(settings.home)
    with Lake(settings.home) as lake, serving_sites("", wrap=build.wrap) as sites, Engine() as engine:
        for bug in bugs:
            for incident in found[bug.name]:
                rebuild(lake, files, incident)
                spec = files.find(spec_id_of(incident))
                if spec is None:
                    continue
                judged = Judged(bug.name, incident, spec)
                build.faults = bug.faults
                judged.red = run_times(engine, spec, sites.addresses[bug.site], _APPS, times)
                build.faults = ()
                judged.green = run_times(engine, spec, sites.addresses[bug.site], _APPS, times)
                print(judged.line(), flush=True)
                yield judged


def _served() -> frozenset[str]:
    with serving_sites("") as sites:
        return frozenset(sites.addresses)


def figures_of(name: str, judged: list[Judged], bugs: int, least: float) -> list[Figure]:
    """The shares of one part: a bug is proven by any of its incidents."""
    proven = {each.bug for each in judged if each.is_proven}
    runs = sum(each.runs for each in judged)
    good, located = (sum(column) for column in zip(*(each.locators for each in judged), strict=True))
    return [
        Figure(f"{name}: bugs proven", len(proven) / bugs, "of 1", least, at_least=True),
        Figure(f"{name}: runs that said the opposite", sum(each.wrong for each in judged) / runs, "of 1", 0.02),
        Figure(f"{name}: locators by test id, role or label", good / located, "of 1", 0.9, at_least=True),
    ]


def _shop_figures(judged: list[Judged], times: int) -> Iterator[Figure]:
    yield from figures_of("shop", judged, len(FAULTS), 1.0)
    quiet = [run.verdict == "not_reproduced" for each in judged for run in each.others]
    yield Figure("shop: green on the builds of other faults", sum(quiet) / len(quiet), "of 1", 1.0, at_least=True)
    ratios = [len(each.spec.exact_steps) / FEWEST_STEPS[each.bug] for each in judged]
    yield Figure("shop: steps, of the fewest a person needs, worst", max(ratios), "times", 1.5)
    yield Figure("shop: runs a side", times, "")


def main() -> int:
    """Measure, print, and fail if a figure is missed."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--times", type=int, default=20)
    arguments.add_argument("--foreign-times", type=int, default=5)
    arguments.add_argument("--only", choices=("shop", "plain", "ours"))
    options = arguments.parse_args()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="retrace-bench-") as folder:
        if options.only in (None, "shop"):
            figures += _shop_figures(list(shop(_settings(Path(folder) / "shop"), options.times)), options.times)
        parts: Mapping[Recorder, float] = {"plain": 0.7, "ours": 0.85}
        for recorder, least in parts.items():
            if options.only not in (None, recorder) or not os.environ.get(APPS_VARIABLE):
                continue
            judged = list(foreign(_settings(Path(folder) / recorder), recorder, options.foreign_times))
            figures += figures_of(f"apps of others, {recorder} recorder", judged, len(BUGS), least)
    return int(print_figures(figures))


def _settings(home: Path) -> Settings:
    home.mkdir()
    os.environ["RETRACE_HOME"] = str(home)
    return load_settings(None)


if __name__ == "__main__":
    sys.exit(main())
