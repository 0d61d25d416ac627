"""The reader: answers questions about what is in the lake, for service tokens, behind the door.

Belongs here: the read API, from the request the door passed on to the answer. Does not: taking anything in (the door),
or computing (the pipeline); what it can tell is in `retrace_app/actions`.
"""
