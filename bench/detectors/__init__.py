"""Precision and recall of every detector on labelled recordings, beside the rules that others publish."""
