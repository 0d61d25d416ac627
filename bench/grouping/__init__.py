"""One bug, one issue: generated sessions of 60 bugs, grouped, and how far the groups are the bugs."""
