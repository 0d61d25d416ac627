"""What recording costs the page it records: no long task after the first picture, and a small share of its time."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sdk.conftest import Recorded

pytestmark = pytest.mark.slow

OpenPage = Callable[..., "Recorded"]

LONG_TASK_MS = 50
# A table of 1,000 rows in 5,000 elements, of the kind every business app has.
BODY = """<table><tbody id=rows></tbody></table><input id=find><script>
  const row = (i) => `<tr class="row row-${i % 7}" data-id="${i}">` +
    `<td><a href="/orders/${i}?page=2">Order ${i}</a></td>` +
    `<td title="Total of order ${i}">€ ${i}.00</td><td><button aria-label="Edit order ${i}">Edit</button></td></tr>`;
  rows.innerHTML = Array.from({ length: 1000 }, (_, i) => row(i)).join("");
</script>"""
# Two seconds of a busy app: rows change, come and go some hundred times a second, while a person works.
WORK = """async () => {
  const longest = [];
  new PerformanceObserver((list) => longest.push(...list.getEntries().map((entry) => entry.duration)))
    .observe({ type: "longtask" });
  const started = performance.now();
  let at = 0;
  while (performance.now() - started < 2000) {
    for (let i = 0; i < 5; i++) {
      const changed = rows.children[(at * 37 + i) % 1000];
      changed.className = "row changed-" + at;
      changed.children[1].textContent = "€ " + at + ".50 by person" + at + "@example.com";
      rows.append(rows.firstElementChild);
      rows.insertAdjacentHTML("beforeend", row(1000 + at));
      rows.firstElementChild.remove();
    }
    at += 1;
    await new Promise((done) => setTimeout(done, 20));
  }
  await new Promise((done) => setTimeout(done, 200));
  return longest;
}"""


def test_no_long_task_while_a_large_page_changes_all_the_time(open_page: OpenPage) -> None:
    recorded = open_page(BODY)
    recorded.wait_for(lambda: any(event["type"] == 2 for event in recorded.events))
    recorded.page.wait_for_timeout(300)
    longest: list[float] = recorded.page.evaluate(WORK)
    recorded.flush()

    mutations = sum(event["type"] == 3 and event["data"]["source"] == 0 for event in recorded.events)
    assert mutations > 50
    assert [task for task in longest if task > LONG_TASK_MS] == []


def test_click_on_a_large_page_is_described_within_a_frame(open_page: OpenPage) -> None:
    recorded = open_page(BODY)
    recorded.page.wait_for_timeout(300)
    recorded.page.evaluate("""() => {
        window.tasks = [];
        new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration)))
            .observe({ type: "longtask" });
    }""")
    for number in (3, 500, 999):
        recorded.page.click(f"tr:nth-child({number}) button")
    recorded.page.type("#find", "order 7")
    recorded.page.wait_for_timeout(100)
    tasks: list[float] = recorded.page.evaluate("tasks")
    recorded.flush()

    assert len(recorded.payloads("retrace/click@1")) == 3
    assert [task for task in tasks if task > LONG_TASK_MS] == []
