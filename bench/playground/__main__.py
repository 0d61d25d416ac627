"""Serve the playground: `python -m bench.playground [port]`, then `/board?fault=archive_dead`."""

import signal
import sys

from bench.playground.server import create_playground
from retrace_app.demo.serving import serving

if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8791
    with serving(create_playground(), port) as address:
        print(f"{address}/board  (Ctrl+C ends it)")
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
