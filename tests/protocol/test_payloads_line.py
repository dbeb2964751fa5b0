"""What is known of one link: how much is asked for, and what the peer has to be told."""

import pytest

from holub_protocol.kinds.manifest import ManifestBody
from holub_protocol.limits import CHUNKS_ASKED_MAX, CHUNKS_ASKED_START
from holub_protocol.payloads.library import Payload
from holub_protocol.payloads.line import Line, bits_of, first
from holub_protocol.payloads.queue import ChunkQueue
from holub_protocol.policy import Policy
from holub_protocol.session import Session
from support_payload import content, manifest
from support_realm import now_at

ID = b"i" * 32


class Empty:
    """No chunks."""

    def read(self, id_: bytes, place: int) -> bytes | None:
        """None."""


@pytest.fixture
def line() -> Line:
    """A line of a new link."""
    session = Session(1, b"p" * 32, True, bytes(16), Policy(), 1, now_at(0))
    return Line(session, ChunkQueue(Empty()), {}, now_at(0))


@pytest.fixture
def payload() -> Payload:
    """One of 100 KiB, nothing held."""
    body: ManifestBody = manifest(content(100 * 1024))
    return Payload(ID, body)


def test_the_more_promptly_chunks_come_the_more_are_asked_for(line: Line) -> None:
    """Few at first, one more for each that comes within half a second, up to the bound; a slow
    peer is asked for few again."""
    assert line.room() == CHUNKS_ASKED_START
    for place in range(60):
        line.asked[ID, place] = 0
        line.arrived(ID, place, now_at(0.4))
    assert line.room() == CHUNKS_ASKED_MAX
    for place in range(60):
        line.asked[ID, place] = 0
        line.arrived(ID, place, now_at(0.6))
    assert line.room() == CHUNKS_ASKED_START


def test_several_are_asked_for_at_once(line: Line) -> None:
    """While most of what was asked for is to come, nothing more is: one FETCH for several."""
    line.asked = dict.fromkeys([(ID, 0), (ID, 1), (ID, 2)], 0)
    assert line.room() == 0
    del line.asked[ID, 0]
    assert line.room() == 2


def test_a_peer_at_rest_offers_nothing(line: Line, payload: Payload) -> None:
    """What it holds counts again when the rest is over."""
    line.share(ID, 0b1100)
    payload.held = 0b0100
    line.rest(ID, 5_000_000)
    assert line.offers(payload, now_at(4)) == 0
    assert line.offers(payload, now_at(6)) == 0b1000


def test_news_is_what_the_peer_lacks_and_does_not_know(line: Line, payload: Payload) -> None:
    """Nothing for a peer that has not asked, has all, was sent it, was told, or knows of as many
    others as it may ask for."""
    payload.held = 0b1111
    assert line.news(payload) == 0
    line.share(ID, 0b0001)
    assert line.news(payload) == 0b1110
    line.given[ID] = 0b0010
    line.said[ID] = (0b0100, 0)
    assert line.news(payload) == 0b1000
    line.share(ID, payload.layout.whole)
    assert line.news(payload) == 0
    line.share(ID, 0)
    payload.held = payload.layout.whole
    line.said[ID] = (bits_of(tuple(range(40))), 0)
    assert line.news(payload) == 0


def test_memory_of_a_peer_is_bounded(line: Line) -> None:
    """A peer that tells of ever more payloads pushes its own out."""
    for number in range(300):
        line.share(number.to_bytes(32, "big"), 1)
    assert len(line.shares) == 256
    assert (299).to_bytes(32, "big") in line.shares


def test_first_follows_the_order() -> None:
    """Of the places wanted those are chosen that come first in the order drawn."""
    order = (4, 2, 0, 3, 1)
    assert first(0b01111, order, 2) == (2, 0)
    assert first(0b00011, order, 5) == (0, 1)
