"""`retrace doctor`: is this installation well, and if not, which part.

Belongs here: one module a place to look at, and the examination that goes through them. Does not: how findings are
shown (the faces).
"""
