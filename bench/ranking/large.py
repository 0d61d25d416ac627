"""A repository of so many files, as a company that keeps everything in one has it.

Belongs here: making it, the same each time. Does not: what is measured on it.
"""

import random
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

_WORDS = tuple(
    re.findall(
        r"\w+",
        """
        account address amount apply archive audit balance basket batch billing board booking bucket budget
        cache calendar campaign card cart catalog channel charge checkout client column comment company contact
        content contract coupon credit currency customer dashboard deal delivery device discount document domain
        draft editor email employee entry event export feature feed field filter folder form gallery gateway
        group guest history image import index inventory invite invoice item journal key label layout ledger
        lesson library license link list loan location login market member menu merchant message metric module
        monitor note notice offer order owner page panel parcel partner password payment permission person phone
        photo pipeline plan policy portal post price product profile project promotion quota rate receipt record
        refund region report request reservation review role route rule sales schedule score search season
        section seller service session setting shipment shop signal site slot source stock store summary
        supplier survey table tag target task tax team template tenant ticket timeline token tour trade transfer
        trial unit update upload user vendor version video visit voucher wallet warehouse webhook widget worker
        workflow
        """,
    )
)
_FORMS = ("tsx", "ts", "py", "vue", "go", "rb", "java")
# As in a real application of 744 sources: 8 KB and 183 distinct words a file.
_LINES, _TIMES = 48, 2
_DISTINCT_LINES = 20_000


def write_large_repository(folder: Path, files: int) -> None:
    """Make a bare repository with one commit of so many sources of some 7 KB."""
    subprocess.run(["git", "init", "--quiet", "--bare", str(folder)], check=True)
    command = ["git", "-C", str(folder), "fast-import", "--quiet"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for part in _stream(files):
            process.stdin.write(part)
        process.stdin.close()
    subprocess.run(["git", "-C", str(folder), "symbolic-ref", "HEAD", "refs/heads/main"], check=True)


def _stream(files: int) -> Iterator[bytes]:
    yield b"commit refs/heads/main\ncommitter Bench <bench@example.org> 1700000000 +0000\ndata 5\nbegin\n"
    chance = random.Random(7)
    # Large repositories repeat themselves: names are many, but each stands in many places.
    lines = {form: [_line(chance, form) for _ in range(_DISTINCT_LINES)] for form in _FORMS}
    for number in range(files):
        one, two, three = (chance.choice(_WORDS) for _ in range(3))
        form = _FORMS[number % len(_FORMS)]
        content = "\n".join(chance.choices(lines[form], k=_LINES) * _TIMES).encode()
        path = f"apps/{one}/src/{two}/{three}_{number}.{form}"
        yield b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(content), content)


def _line(chance: random.Random, form: str) -> str:
    one, two, three, four = (chance.choice(_WORDS) for _ in range(4))
    name = f"{one}{two.title()}{three.title()}"
    if form in {"py", "rb"}:
        return f"    {one}_{two} = {three}.{four}({name!r})  # {one} of the {four}"
    return f"  const {name} = {three}.{four}('{one} {two}'); // {two} {four}"
