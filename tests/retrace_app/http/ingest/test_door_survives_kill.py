"""Acknowledged means durable: a door killed again and again under load loses, doubles and tears nothing."""

import http.client
import json
import random
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.retrace_app.http.ingest.conftest import Door, OpenDoor

pytestmark = pytest.mark.slow

KILLS = 20
CLIENTS = 8
LONGEST_LIFE_SECONDS = 0.3


class Client(threading.Thread):
    """Posts distinct batches of various sizes until the door is gone; never the same one again."""

    def __init__(self, door: "Door", number: int, life: int) -> None:
        """Post for one life of the door."""
        super().__init__()
        self.door = door
        self.session = f"client-{number}-life-{life}"
        self.chosen = random.Random(self.session)
        self.sent: dict[tuple[str, int], bytes] = {}
        self.acknowledged: list[tuple[str, int]] = []

    def run(self) -> None:
        """Post until the connection breaks."""
        connection = http.client.HTTPConnection("127.0.0.1", self.door.port, timeout=10)
        headers = {"x-retrace-key": self.door.key}
        try:
            for sequence in range(100_000):
                padding = "x" * self.chosen.choice((10, 1_000, 20_000, 200_000))
                body = json.dumps(self.door.batch(self.session, sequence, padding=padding)).encode()
                self.sent[self.session, sequence] = body
                connection.request("POST", "/api/sdk/replay", body, headers)
                answer = connection.getresponse()
                answer.read()
                assert answer.status == 202
                self.acknowledged.append((self.session, sequence))
        except (OSError, http.client.HTTPException):
            return
        finally:
            connection.close()


def test_every_acknowledged_batch_is_landed_once_and_whole_after_twenty_kills(open_door: "OpenDoor") -> None:
    clients: list[Client] = []
    chosen = random.Random(20)
    with open_door() as door:
        for life in range(KILLS):
            generation = [Client(door, number, life) for number in range(CLIENTS)]
            clients += generation
            for client in generation:
                client.start()
            time.sleep(chosen.uniform(0.02, LONGEST_LIFE_SECONDS))
            door.kill()
            for client in generation:
                client.join()
            door.start()
        door.stop()
        rows = landed_rows(door)
    sent = {name: body for client in clients for name, body in client.sent.items()}
    acknowledged = [name for client in clients for name in client.acknowledged]
    names = [(row["session_id"], row["sequence"]) for row in rows]
    assert len(acknowledged) > KILLS * CLIENTS
    assert len(names) == len(set(names))
    assert set(acknowledged) <= set(names) <= set(sent)
    assert all(row["intact"] and row["body"] == sent[name] for name, row in zip(names, rows, strict=True))


def landed_rows(door: "Door") -> list[dict[str, Any]]:
    """Every row, after adoption: all segments are closed ones."""
    segments = door.landing.pending()
    assert list(door.landing.directory.glob("*.open")) == []
    return [row for segment in segments for batch in segment.read() for row in batch.to_pylist()]
