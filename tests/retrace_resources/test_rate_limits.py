"""Counting requests in fixed windows, over processes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from retrace_resources.rate_limits import FILE_NAME, RateLimiter

NOW = 1_760_000_040.0  # on the boundary of a minute


@pytest.fixture
def limiter(tmp_path: Path) -> Iterator[RateLimiter]:
    """Three requests a minute."""
    limiter = RateLimiter(tmp_path, "replay", 3, 60)
    yield limiter
    limiter.close()


def test_requests_are_granted_up_to_the_limit_and_then_refused(limiter: RateLimiter) -> None:
    answers = [limiter.take("key_a", NOW + second) for second in range(5)]
    assert [answer.granted for answer in answers] == [True, True, True, False, False]
    assert [answer.remaining for answer in answers] == [2, 1, 0, 0, 0]


def test_answer_says_when_the_window_ends(limiter: RateLimiter) -> None:
    answer = limiter.take("key_a", NOW + 12.5)
    assert (answer.limit, answer.window_seconds, answer.reset_seconds) == (3, 60, 48)
    assert limiter.take("key_a", NOW + 59.999).reset_seconds == 1


def test_next_window_starts_from_zero(limiter: RateLimiter) -> None:
    for _ in range(4):
        limiter.take("key_a", NOW)
    assert limiter.take("key_a", NOW + 60).remaining == 2


def test_count_is_not_kept_when_the_clock_is_set_back(limiter: RateLimiter) -> None:
    for _ in range(4):
        limiter.take("key_a", NOW + 3600)
    assert limiter.take("key_a", NOW).granted


def test_keys_and_buckets_do_not_share_a_count(tmp_path: Path, limiter: RateLimiter) -> None:
    for _ in range(4):
        limiter.take("key_a", NOW)
    assert limiter.take("key_b", NOW).remaining == 2
    other = RateLimiter(tmp_path, "sentry", 3, 60)
    assert other.take("key_a", NOW).remaining == 2
    other.close()


def test_many_keys_are_counted_apart_and_the_file_does_not_grow(tmp_path: Path, limiter: RateLimiter) -> None:
    size = (tmp_path / FILE_NAME).stat().st_size
    for _ in range(2):
        for number in range(1_000):
            limiter.take(f"key_{number}", NOW)
    remaining = [limiter.take(f"key_{number}", NOW).remaining for number in range(1_000)]
    assert remaining.count(0) == 1_000
    assert (tmp_path / FILE_NAME).stat().st_size == size


def test_more_keys_than_room_are_forgiven_and_never_refused(limiter: RateLimiter) -> None:
    answers = [limiter.take(f"key_{number}", NOW) for number in range(20_000)]
    assert all(answer.granted for answer in answers)


def test_counts_survive_a_restart(tmp_path: Path) -> None:
    for expected in (2, 1, 0):
        limiter = RateLimiter(tmp_path, "replay", 3, 60)
        assert limiter.take("key_a", NOW).remaining == expected
        limiter.close()


def test_file_is_private(tmp_path: Path, limiter: RateLimiter) -> None:
    limiter.take("key_a", NOW)
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damage", [b"", b"\x00", os.urandom(1 << 18), os.urandom(1000), b"\xff" * (1 << 19)])
def test_damaged_file_neither_raises_nor_refuses(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(damage)
    limiter = RateLimiter(tmp_path, "replay", 3, 60)
    assert [limiter.take("key_a", NOW).granted for _ in range(4)] == [True, True, True, False]
    limiter.close()


WORKER = """
import sys
from pathlib import Path
from retrace_resources.rate_limits import RateLimiter
limiter = RateLimiter(Path(sys.argv[1]), "replay", 1000, 60)
sys.stdin.readline()
print(sum(limiter.take("key_a", 1_760_000_040.0).granted for _ in range(500)))
"""


def test_limit_is_exact_over_processes(tmp_path: Path) -> None:
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    granted = [worker.communicate("go\n")[0] for worker in workers]
    assert sum(map(int, granted)) == 1000
