"""The faults are documented once as code and once for readers, and both say where each bug really is."""

import re
from pathlib import Path

import examples.shop
from examples.shop import Fault
from retrace_app.demo.visitors import FAULTS

SHOP = Path(examples.shop.__file__).parent


def test_readme_table_is_the_enum() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| `(.+?)` \|$", (SHOP / "README.md").read_text(), re.MULTILINE)

    assert rows == [(fault.value, fault.symptom, fault.source) for fault in Fault]


def test_bug_lives_where_the_table_says() -> None:
    for fault in Fault:
        holders = [
            path.relative_to(SHOP).as_posix()
            for path in SHOP.rglob("*")
            if path.suffix in (".py", ".js") and re.search(rf"Fault {fault.value}:", path.read_text())
        ]
        assert holders == [fault.source]


def test_every_fault_has_a_visitor_who_meets_it() -> None:
    assert set(FAULTS) == set(Fault)
