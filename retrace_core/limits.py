"""What Retrace takes from strangers at most: sizes, lengths, waits.

Belongs here: a limit that a client can meet, or that bounds what clients cost us, with its unit in its name and its
reason beside it. Does not: thresholds of detectors (they stand in their rule) and answers (`errors.py`).
"""

from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB

# --- One post -------------------------------------------------------------------------------------------------------

MAX_BODY_BYTES: Final = 5 * MIB
"""A body as it came in, and again after decompression; the wire format's ceiling."""

MAX_ID_CHARS: Final = 200
"""Session and window ids; a UUID has 36, longer ids are page text that went astray."""

MAX_SEQUENCE: Final = 2**31 - 1
"""Batches of one window; at one a second it lasts 68 years."""

MAX_JSON_NESTING: Final = 2_500
"""Nested arrays and objects. A full snapshot spends two a DOM level and HTML parsers stop at 512 levels, so 1,030 are
ordinary; each level costs the decoder under 200 bytes of an 8 MiB stack. Whoever decodes a body raises the
interpreter's recursion limit to this first."""

# --- Slow, silent and oversized clients -----------------------------------------------------------------------------

HEADER_SECONDS: Final = 15.0
"""From the connection, or the last answer on it, to the end of the next request's headers."""

BODY_SECONDS: Final = 15.0
"""For a body to come, before counting what has come."""

MIN_BODY_BYTES_PER_SECOND: Final = 16 * KIB
"""Bytes that buy a body another second: a phone on a bad line may take its time, a dripping client may not."""

DRAIN_BYTES: Final = 128 * MIB
"""Read and thrown away after an early refusal, so that a client that writes everything first can read its answer."""

DRAIN_SECONDS: Final = 5.0
"""For the same."""

MAX_HELD_BYTES: Final = 256 * MIB
"""Bodies one door worker holds at a time, coming in or waiting for the disk; beyond it answers `overloaded`."""

MAX_CONNECTIONS: Final = 4_096
"""Connections one door worker serves at a time; more wait in the kernel's queue."""

# --- Questions to the reader -----------------------------------------------------------------------------------------

MAX_QUESTION_BYTES: Final = 64 * KIB
"""The body of a question; the longest is a decision with its reason."""

QUESTION_SECONDS: Final = 30.0
"""For the reader to begin an answer; a list takes milliseconds."""

PROCESSING_SECONDS: Final = 240.0
"""For a question that has the pipeline run; what runs then goes on."""

# --- Landing --------------------------------------------------------------------------------------------------------

SEGMENT_BYTES: Final = 64 * MIB
"""A segment is closed at this size: a hot run reads a few of them, memory-mapped, in one go."""

SEGMENT_SECONDS: Final = 1.0
"""Or this long after its first row, so that what happened is visible a second later."""

COMMIT_BYTES: Final = 32 * MIB
"""Bodies in one record batch: far below Arrow's 2 GiB for a binary column, and some 0.2 s of an ordinary disk."""

# --- The door's memory of duplicates --------------------------------------------------------------------------------

REMEMBERED_BATCHES: Final = 65_536
"""Some 15 MB a worker; a client that retries does so within minutes. The lake is exact for all time."""
