"""The demo: a shop with bugs, scripted visitors, and a stored copy of their visits.

Belongs here: everything `retrace demo` shows Retrace with. Does not: anything Retrace needs to work.
"""
