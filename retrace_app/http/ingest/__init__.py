"""The door: takes what browsers send, makes it durable, says so, and does nothing else.

Belongs here: the wire, from the socket to the landing. Does not: anything that reads the lake, decides or computes. It
imports neither Dagster nor DuckDB nor Polars, so that it starts in a second and goes on when all of them are down.
"""
