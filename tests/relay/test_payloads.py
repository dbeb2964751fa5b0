"""Payloads by request: announced once, given chunk by chunk, told and read."""

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from holub_protocol.payloads.layout import cut
from holub_relay.client import Client
from holub_relay.errors import Exit, OperatorError
from holub_relay.payloads import CHUNKS_IN
from support_payload import content
from support_relay import made

DATA = content(70_000)
LISTS, CHUNKS = cut(DATA)


def coded(chunk: bytes) -> str:
    """Return base64."""
    return b64encode(chunk).decode()


def sending(**changes: Any) -> dict[str, Any]:
    """Return a request to send, with changes."""
    request = {
        "do": "payload-send", "name": "map", "media_type": "image/png", "area": "0",
        "lifetime_s": 86_400, "bytes": len(DATA), "lists": coded(LISTS), "confirm": True,
    }  # fmt: skip
    return {**request, **changes}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """A way to a directory with a desk."""
    with Client(made(tmp_path)) as client:
        yield client


def given(client: Client, id_: str, first: int, last: int) -> dict[str, Any]:
    """Give the chunks from `first` up to `last`."""
    chunks = [coded(chunk) for chunk in CHUNKS[first:last]]
    return client.call({"do": "payload-put", "id": id_, "first": first, "chunks": chunks})


def test_sent_in_parts_and_read_again(client: Client) -> None:
    """A payload announced again is the same one; it is whole when all chunks were given, tells
    so in the list, and reads as it was."""
    id_ = client.call(sending())["id"]
    assert given(client, id_, 0, 30)["held"] == 30
    assert client.call(sending())["id"] == id_
    for first in range(0, len(CHUNKS), CHUNKS_IN):
        view = given(client, id_, first, first + CHUNKS_IN)
    assert (view["held"], view["chunks"], view["room"]) == (71, 71, True)
    (listed,) = client.call({"do": "list", "kind": "manifest"})["messages"]
    assert listed["payload"] == view
    assert client.call({"do": "payload", "id": id_[:8]})["lists"] == coded(LISTS)
    answer = client.call({"do": "payload-read", "id": id_, "first": 2})
    assert answer["chunks"] == [coded(chunk) for chunk in CHUNKS[2:]]
    status = client.call({"do": "status"})
    assert (status["payloads"]["whole"], status["payloads"]["partial"]) == (1, 0)


def test_what_is_missing_reads_as_null(client: Client) -> None:
    """Chunks that are not here yet are told apart from those that are."""
    id_ = client.call(sending())["id"]
    given(client, id_, 0, 3)
    answer = client.call({"do": "payload-read", "id": id_, "first": 0})
    assert answer["chunks"] == [coded(chunk) for chunk in CHUNKS[:3]] + [None] * 68


@pytest.mark.parametrize(
    ("request_", "text", "code"),
    [
        (sending(bytes="x"), "is no number", Exit.USAGE),
        (sending(name=""), "name is missing", Exit.USAGE),
        (sending(media_type="png"), "no media type", Exit.FAILED),
        (sending(area="nowhere"), "no area id", Exit.USAGE),
        (sending(lists=coded(bytes(16))), "hashes", Exit.FAILED),
        ({"do": "payload", "id": "ab"}, "hexadecimal", Exit.USAGE),
        ({"do": "payload", "id": "abcdef"}, "no payload here", Exit.NOT_FOUND),
    ],
)
def test_errors_name_value_and_remedy(
    client: Client, request_: dict[str, Any], text: str, code: Exit
) -> None:
    """What can't be done is said in words, with its exit code."""
    with pytest.raises(OperatorError, match=text) as caught:
        client.call(request_)
    assert caught.value.code is code


def test_wrong_chunks_are_refused(client: Client) -> None:
    """A file that changed while it was sent ends the sending; nothing wrong is kept."""
    id_ = client.call(sending())["id"]
    request = {"do": "payload-put", "id": id_, "first": 0, "chunks": [coded(CHUNKS[1])]}
    with pytest.raises(OperatorError, match="wrong"):
        client.call(request)
    assert client.call({"do": "payload", "id": id_})["held"] == 0
    with pytest.raises(OperatorError, match="no place"):
        client.call({"do": "payload-read", "id": id_, "first": 71})


def test_no_room_is_said_before_anything_is_announced(tmp_path: Path) -> None:
    """A store too small for it is told with the setting to raise."""
    large = content(1_500_000)
    with Client(made(tmp_path, store_mib=2)) as client:
        with pytest.raises(OperatorError, match="raise store_mib"):
            client.call(sending(bytes=len(large), lists=coded(cut(large)[0])))
        assert client.call({"do": "list", "kind": "manifest"})["messages"] == []


def test_a_clock_that_nothing_vouches_for(tmp_path: Path) -> None:
    """Without a word from somebody at the keyboard nothing is signed by it."""
    with Client(made(tmp_path, clock="unknown")) as client:
        with pytest.raises(OperatorError, match="nothing vouches"):
            client.call(sending(confirm=False))
        assert client.call(sending())["held"] == 0
