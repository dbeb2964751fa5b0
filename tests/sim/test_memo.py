"""What is remembered of reading."""

import pytest

from holub_protocol import frames
from holub_protocol.frames import Credit, FrameError
from holub_protocol.refusal import Refusal
from holub_sim import memo
from holub_sim.memo import SharedReading
from support_sim import city

S = 1_000_000


def test_what_was_read_is_not_read_again() -> None:
    """Nor is a message of another realm mistaken for it."""
    read = SharedReading()
    for _ in range(3):
        assert read.frame(frames.encode(Credit(7))) == Credit(7)
        assert read.message(b"\x00", bytes(32)) is Refusal.MALFORMED
    assert (read.asked, read.computed) == (6, 2)
    read.message(b"\x00", b"\x01" * 32)
    assert read.computed == 3


def test_a_broken_frame_is_broken_each_time() -> None:
    """An error is not an answer to remember."""
    read = SharedReading()
    for _ in range(2):
        with pytest.raises(FrameError):
            read.frame(b"\x00")


def test_junk_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest are remembered, as many as the bound at least and twice as many at most."""
    monkeypatch.setattr(memo, "MESSAGES_KEPT", 2)
    read = SharedReading()
    for junk in range(5):
        read.message(bytes([junk]), bytes(32))
    for junk in (2, 3, 4):
        read.message(bytes([junk]), bytes(32))
    assert read.computed == 5
    read.message(b"\x00", bytes(32))
    assert read.computed == 6


def test_all_nodes_of_a_city_share_what_they_read() -> None:
    """Four relays read less than half of what they ask for."""
    town = city()
    town.world.run(120 * S)
    assert town.world.read.computed < town.world.read.asked // 2
