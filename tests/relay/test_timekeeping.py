"""Looking at the clock while the relay runs, and keeping how long the node has lived."""

from pathlib import Path
from typing import Any, cast

import trio
import trio.testing

from holub_protocol.storage import Writes
from holub_relay.driver import Driver
from holub_relay.station import LIFE_NOTE, Station
from holub_relay.timekeeping import LIFE_LOOKS, LOOK_S, confirm, keep_time, look_outside
from holub_relay.timesources import Outside
from holub_relay.writer import Writer
from support_relay import made


class Sink:
    """Takes what is to be committed, and commits nothing."""

    def __init__(self) -> None:
        self.notes: list[int] = []

    def submit(self, writes: Writes, urgent: bool, done: Any) -> None:
        """Remember a note of life."""
        ((name, value),) = writes.notes
        assert (name, urgent) == (LIFE_NOTE, False)
        assert value is not None
        self.notes.append(int.from_bytes(value, "big"))


def rig(station: Station) -> tuple[Driver, Writer, Sink]:
    """A driver of a station, and a writer that only listens."""
    sink = Sink()
    writer = cast(Writer, sink)
    return Driver(station, writer), writer, sink


def test_sources_come_and_go(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    """Each look tells the node; life is noted every sixty looks, and at a clean stop."""

    async def main() -> None:
        found = [Outside.NOTHING, Outside.GNSS]

        async def look() -> Outside:
            return found[-1]

        with Station.open(made(tmp_path, clock="auto")) as station:
            driver, writer, sink = rig(station)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(keep_time, driver, writer, look)
                await trio.sleep(1)
                assert station.now().reliable
                found.append(Outside.NOTHING)
                await trio.sleep(LOOK_S)
                assert not station.now().reliable
                assert sink.notes == []
                await trio.sleep(LIFE_LOOKS * LOOK_S)
                assert len(sink.notes) == 1
                nursery.cancel_scope.cancel()
            assert len(sink.notes) == 2
            assert sink.notes == sorted(sink.notes)

    trio.run(main, clock=autojump_clock)


def test_the_machine_itself_is_asked() -> None:
    """By default the look goes to this machine's time programs, in a thread of its own."""
    assert trio.run(look_outside) in Outside


def test_life_goes_on(tmp_path: Path) -> None:
    """What was noted is where the steady clock of the next start begins."""
    data = made(tmp_path)
    with Station.open(data) as station:
        station.store.commit(Writes(notes=((LIFE_NOTE, (10**12).to_bytes(8, "big")),)))
    with Station.open(data) as station:
        assert 10**12 <= station.now().mono_us < 10**12 + 10**9
        station.store.commit(station.life())
    with Station.open(data) as station:
        assert station.now().mono_us >= 10**12
        station.store.commit(Writes(notes=((LIFE_NOTE, b"junk"),)))
    with Station.open(data) as station:
        assert station.now().mono_us < 10**12


def test_the_operators_word_is_held_against_his_watch(tmp_path: Path) -> None:
    """A watch within a minute confirms; one that differs, or is no number, changes nothing."""

    async def main() -> None:
        with Station.open(made(tmp_path, clock="unknown")) as station:
            driver, _, _ = rig(station)
            wall_s = station.now().wall_s
            for watch in (wall_s - 100, wall_s + 100, "noon", True):
                assert "set the clock" in confirm(driver, watch)["error"]
            assert not station.now().reliable
            assert confirm(driver, wall_s + 50)["clock"]["source"] == "operator"
            assert station.now().reliable

    trio.run(main)
