"""Ranking source files: how often the file that was fixed comes first, and what ranking a large repository costs."""
