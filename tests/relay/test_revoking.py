"""A registrar's word: which key signs, what stays, and that the list is vouched for."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from holub_protocol.kinds.revoke import KEEP_MAX
from holub_relay import revoking
from holub_relay.errors import OperatorError
from holub_relay.requests import handle, publishes
from holub_relay.station import Station
from support_relay import KYIV, joined, made


def ask(station: Station, **request: Any) -> Any:
    """Answer a request and commit what it published."""
    answer = handle(station, request)
    assert publishes(request) or "error" in answer
    station.settle()
    return answer


def start(station: Station, hazard: str = "fire") -> str:
    """Start an alert; its id."""
    answer = ask(station, do="alert", verb="start", areas=[KYIV], hazard=hazard)
    return str(answer["id"])


def test_a_revoked_desk_is_silent_and_its_alerts_are_unknown(tmp_path: Path) -> None:
    """By the registrar of the directory; the trust board goes with it and agrees."""
    with Station.open(made(tmp_path)) as station:
        start(station)
        key = station.desk_key().public
        answer = ask(station, do="revoke", key=key.hex())
        assert (answer["kept"], answer["left_out"]) == (0, 0)
        assert handle(station, {"do": "status"})["status"]["level"] == "unknown"
        trust = station.node.trust_view(station.now())
        assert (trust.revocations, trust.withheld) == (1, False)
        assert trust.as_of_s is not None
        with pytest.raises(OperatorError, match="is revoked"):
            station.desk_key()


def test_what_came_before_the_theft_stays(tmp_path: Path) -> None:
    """By arrival here, which no thief can date: what it backdates afterwards does not stay."""
    with Station.open(made(tmp_path)) as station:
        first = start(station)
        key = station.desk_key().public
        (row,), _ = revoking._kept(station, key, 2**32 - 1)
        assert row.id.hex() == first
        assert revoking._kept(station, key, row.received_s) == ([], 0)
        answer = ask(station, do="revoke", key=key.hex(), since_s=row.received_s + 1)
        assert answer["kept"] == 1
        status = handle(station, {"do": "status"})
        assert [alert["stale"] for alert in status["alerts"]] == [False]


def test_more_than_fits_is_counted(tmp_path: Path) -> None:
    """The gravest and newest stay; how many found no room is said."""
    with Station.open(made(tmp_path)) as station:
        for _ in range(KEEP_MAX + 5):
            start(station)
        kept, left_out = revoking._kept(station, station.desk_key().public, 2**32 - 1)
        assert len(kept) == KEEP_MAX
        assert left_out >= 5


def test_only_a_key_at_hand_revokes(tmp_path: Path) -> None:
    """The registrar's, the one that is named, or the lost key itself; else it is told who can."""
    first = made(tmp_path)
    with Station.open(joined(tmp_path, first)) as station:
        own = station.identity.public.hex()
        answer = handle(station, {"do": "revoke", "key": "ab" * 32})
        assert "only who has granted a key, or has it" in answer["error"]
        answer = handle(station, {"do": "revoke", "key": own, "by": "registrar"})
        assert (answer["code"], "this machine's keys are node" in answer["error"]) == (2, True)
        answer = handle(station, {"do": "revoke", "key": own})
        assert "is refused here" in answer["error"]  # it has no grant yet: there is nothing to cut
        assert "no registrar key" in handle(station, {"do": "vouch"})["error"]
    with Station.open(first) as station:
        for wrong in ({"key": "xyz"}, {"key": "ab" * 32, "since_s": "noon"}):
            answer = handle(station, {"do": "revoke", **wrong})
            assert answer["code"] == 2
        desk = station.desk_key().public.hex()
        assert ask(station, do="revoke", key=desk, by="desk")["trust_board"] is None


@pytest.mark.trio
async def test_a_running_registrar_vouches_in_time(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    """At the start, soon after each change, and every half an hour; not by an unknown clock."""
    asked: list[float] = []

    class Driver:
        def __init__(self, station: Station) -> None:
            self.station = station

        async def request(self, request: Any) -> Any:
            asked.append(trio.current_time())
            return ask(self.station, **request)

    with Station.open(made(tmp_path)) as station:
        with trio.move_on_after(4000):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(revoking.keep_vouching, Driver(station))
                await trio.sleep(95)
                ask(station, do="revoke", key=station.identity.public.hex())
        pauses = [round(b - a) for a, b in pairwise(asked)]
        assert pauses == [100, 1800, 1800]
        assert station.node.trust_view(station.now()).withheld is False
    with Station.open(joined(tmp_path, tmp_path / "a")) as other:
        await revoking.keep_vouching(Driver(other))  # nothing to do without the key
        assert len(asked) == 4
