"""The HTTP faces: `ingest` is the door, which must stay light; what reads lives beside it."""
