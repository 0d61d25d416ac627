"""Figures anyone can rerun: `python -m bench` for all, `python -m bench.door` for one."""
