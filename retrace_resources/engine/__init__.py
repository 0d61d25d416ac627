"""The engine: runs a spec against an app in a real browser and says what it showed.

`engine.py` runs; `steps.py` does what a step says, `locate.py` finds its element; `watch.py` notes what the page does,
`judge.py` holds it against the assertions; `artifacts.py` keeps what is left. What a spec is: `retrace_core.spec`.
"""
