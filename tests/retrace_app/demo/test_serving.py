"""Serving on loopback: the block ends when it is left, whatever clients still hold open."""

import socket

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from retrace_app.demo.serving import serving


async def _echo(request: Request) -> Response:
    return PlainTextResponse(await request.body())


_APPLICATION = Starlette(routes=[Route("/", _echo, methods=["POST"])])


@pytest.mark.timeout(30)
def test_block_ends_though_a_client_never_sends_the_rest_of_its_request() -> None:
    with serving(_APPLICATION) as address:
        assert httpx.post(address, content=b"whole").text == "whole"
        client = socket.create_connection(("127.0.0.1", httpx.URL(address).port))
        client.sendall(b"POST / HTTP/1.1\r\nhost: loopback\r\ncontent-length: 10\r\n\r\nhalf")
    client.close()
