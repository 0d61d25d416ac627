"""Reading segments ahead of the writer: while one slice of batches is written, the next are decoded on another thread.

Belongs here: cutting segments into slices and decoding them in time, also those of the commit to come. Does not: how a
batch is decoded (intake/batches) or which segments are taken in (update).
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import pyarrow as pa

from retrace_assets.intake.batches import Batch, Post, Refusal, decode_posts, read_posts
from retrace_resources.landing import Segment, UnreadableSegment

# Bytes of JSON decoded and written at a time: bounds memory when bodies came compressed.
SLICE_BYTES = 12 * 2**20
# Slices handed to the decoder while an earlier one is written. It is one thread: a second only waits for the first.
DECODED_AHEAD = 2

Decoded = tuple[list[Batch], list[Refusal]]


@dataclass(frozen=True)
class _Slice:
    """Some posts of a commit, and the damaged rows found among them."""

    posts: list[Post]
    refusals: list[Refusal]


class Reading:
    """Segments on their way through the decoder.

    They are read whole at once, so that a bad end is known before anything of them is written: `readable` segments with
    their record batches, whose rows stay memory-mapped, and `unreadable` ones with what is wrong with them.
    """

    def __init__(self, segments: Sequence[Segment], thread: ThreadPoolExecutor) -> None:
        """Read the segments; nothing is decoded yet."""
        self.segments = list(segments)
        self.readable: list[tuple[Segment, list[pa.RecordBatch]]] = []
        self.unreadable: list[tuple[Segment, UnreadableSegment]] = []
        for segment in segments:
            try:
                self.readable.append((segment, list(segment.read())))
            except UnreadableSegment as error:
                self.unreadable.append((segment, error))
        self._thread = thread
        self._slices = _slices(self.readable)
        self._ahead: deque[Future[Decoded]] = deque()

    def look_ahead(self) -> bool:
        """Hand slices to the decoder, as far ahead as it may be; False when there are no more."""
        while len(self._ahead) <= DECODED_AHEAD:
            slice_ = next(self._slices, None)
            if slice_ is None:
                return False
            self._ahead.append(self._thread.submit(_decode, slice_))
        return True

    def decoded(self, then: Callable[[], None]) -> Iterator[Decoded]:
        """Yield the slices in order; calls `then` when the decoder has been given the last of them."""
        more = True
        while more or self._ahead:
            if more:
                more = self.look_ahead()
                if not more:
                    then()
            if self._ahead:
                yield self._ahead.popleft().result()

    def give_up(self) -> None:
        """Leave undecoded what nobody will ask for."""
        for future in self._ahead:
            future.cancel()


class Decoder:
    """A thread that decodes, and what it has begun of the commit to come."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="intake")
        self._begun: Reading | None = None

    def read(self, segments: Sequence[Segment]) -> Reading:
        """Read segments, or go on with them where they were begun."""
        begun, self._begun = self._begun, None
        if begun is not None and begun.segments == list(segments):
            return begun
        if begun is not None:
            begun.give_up()
        return Reading(segments, self._thread)

    def begin(self, segments: Sequence[Segment]) -> None:
        """Begin with segments that may be asked for next. They are closed: what is in them does not change."""
        if segments:
            self._begun = Reading(segments, self._thread)
            self._begun.look_ahead()

    def __enter__(self) -> Self:
        """Stop the thread at the end of a `with`."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the thread."""
        self._thread.shutdown(cancel_futures=True)


def _slices(readable: Iterable[tuple[Segment, list[pa.RecordBatch]]]) -> Iterator[_Slice]:
    """Decompress the rows in order and cut them into slices of about SLICE_BYTES."""
    slice_, size = _Slice([], []), 0
    for segment, record_batches in readable:
        for record_batch in record_batches:
            for outcome in read_posts(segment.name, record_batch):
                if isinstance(outcome, Refusal):
                    slice_.refusals.append(outcome)
                    continue
                slice_.posts.append(outcome)
                size += len(outcome.body)
                if size >= SLICE_BYTES:
                    yield slice_
                    slice_, size = _Slice([], []), 0
    yield slice_


def _decode(slice_: _Slice) -> Decoded:
    batches, refused = decode_posts(slice_.posts)
    return batches, slice_.refusals + refused
