"""While the relay runs: look at the clock again and again, and keep how long the node has lived."""

from collections.abc import Awaitable, Callable
from typing import Final

import trio

from holub_relay.asking import Answer
from holub_relay.driver import Driver
from holub_relay.errors import Exit
from holub_relay.timesources import Outside, outside
from holub_relay.views import clock_view
from holub_relay.writer import Writer

LOOK_S: Final = 10.0
"""A step of the clock is noticed at once; a source that has come or gone, within this."""

CONFIRM_S: Final = 60
"""How far the clock may be from what the operator's watch shows."""

LIFE_LOOKS: Final = 60
"""Looks between two notes of how long the node has lived: 10 minutes, which is by how much ages
fall short after a power cut. Six small commits an hour are nothing to a card."""


async def look_outside() -> Outside:
    """Look who disciplines the clock; chronyc may take its time."""
    return await trio.to_thread.run_sync(outside)


async def keep_time(
    driver: Driver, writer: Writer, look: Callable[[], Awaitable[Outside]] = look_outside
) -> None:
    """Do so until cancelled; at a clean stop the note is exact."""
    looks = 0
    try:
        while True:
            driver.look_at_clock(await look())
            await trio.sleep(LOOK_S)
            looks += 1
            if looks % LIFE_LOOKS == 0:
                _note_life(driver, writer)
    finally:
        _note_life(driver, writer)


def confirm(driver: Driver, at_s: object = None) -> Answer:
    """Take the operator's word that the clock is right; `at_s` is what the watch shows, Unix
    seconds, None where the operator has looked at what this machine shows."""
    station = driver.station
    wall_s = station.now().wall_s
    if at_s is not None and (type(at_s) is not int or abs(at_s - wall_s) > CONFIRM_S):
        return {
            "error": f"this machine's clock says {wall_s}, your watch {at_s} (Unix seconds): set "
            "the clock with `date --utc --set=...`, then confirm it",
            "code": int(Exit.FAILED),
        }
    driver.confirm_clock()
    return {"clock": clock_view(station)}


def _note_life(driver: Driver, writer: Writer) -> None:
    # A store that is full or has failed: ages then fall short by a little more.
    writer.submit(driver.station.life(), False, lambda _: None)
