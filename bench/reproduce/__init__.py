"""Bugs seeded in apps that are not ours: recorded, made into tests, run on the builds with and without them."""
