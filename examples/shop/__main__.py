"""Serve the shop on loopback: `python -m examples.shop [--port 8790] [--faults checkout_500,dead_button | all]`."""

import argparse

import uvicorn

from .faults import Fault, parse_faults
from .server import create_shop

_HOST = "127.0.0.1"
_PORT = 8790


def main() -> None:
    """Read the switches and serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m examples.shop", description="Serve Tidewater Supply.")
    parser.add_argument("--port", type=int, default=_PORT)
    parser.add_argument("--faults", default="", help=f"comma-separated: all, {', '.join(Fault)}")
    options = parser.parse_args()
    uvicorn.run(create_shop(parse_faults(options.faults)), host=_HOST, port=options.port, log_level="warning")


if __name__ == "__main__":
    main()
