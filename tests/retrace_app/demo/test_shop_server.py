"""Starting the demo shop: where it is, what it serves, what stands in its way."""

import re
import socket

import httpx
import pytest

from retrace_app.demo.shop_server import recorder_file, running_shop, shop_folder
from retrace_core.errors import ErrorCode, RetraceError


def test_shop_is_found_where_this_package_is() -> None:
    assert (shop_folder() / "static" / "index.html").is_file()


def test_shop_serves_its_faults_and_the_recorder() -> None:
    with running_shop(["dead_button"], door_url="http://door.test/api/sdk/replay", sdk_key="rtpk_x") as url:
        page = httpx.get(url).text
        script = httpx.get(url + "/retrace.js")

    assert '"faults": ["dead_button"]' in page
    assert re.search(r'init\(\{"apiKey": "rtpk_x", "ingestUrl": "http://door\.test/api/sdk/replay"', page)
    assert script.content == recorder_file().read_bytes()


def test_shop_is_gone_after_the_block() -> None:
    with running_shop() as url:
        assert httpx.get(url).status_code == 200

    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_shop_refuses_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RetraceError) as refusal, running_shop(port=port):
            pytest.fail("the block must not run")

    assert refusal.value.code is ErrorCode.PORT_IN_USE
    assert str(port) in refusal.value.detail


def test_recorder_carries_the_licences_of_what_it_contains() -> None:
    text = recorder_file().read_text(encoding="utf-8")

    assert "SmartX Inc." in text
    assert "Niklas von Hertzen" in text
    assert "THE SOFTWARE IS PROVIDED" in text
