"""Ticks: every listener hears of a change, none can hold up the others."""

import trio

from holub_relay.page.state import Ticks


def test_every_listener_hears() -> None:
    """A tick reaches all who listen; many ticks unread are one."""
    ticks = Ticks()
    a, b = ticks.subscribe(), ticks.subscribe()
    for _ in range(3):
        ticks.tick()
    for channel in (a, b):
        channel.receive_nowait()
        try:
            channel.receive_nowait()
        except trio.WouldBlock:
            continue
        raise AssertionError("two ticks were kept")


def test_listener_that_left_is_forgotten() -> None:
    """A closed channel is dropped at the next tick."""
    ticks = Ticks()
    gone, stays = ticks.subscribe(), ticks.subscribe()
    gone.close()
    ticks.tick()
    assert len(ticks) == 1
    stays.receive_nowait()
