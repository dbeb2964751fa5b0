"""zeroconf: what is believed of an answer, and that whatever fails there ends nothing."""

import threading
import time
from collections.abc import Callable
from ipaddress import ip_interface

import pytest
import trio
import trio.testing
import zeroconf

from holub_relay.discovery.hints import Source
from holub_relay.discovery.interfaces import Own
from holub_relay.discovery.mdns import (
    OVERLOADED,
    Caught,
    Mdns,
    Me,
    Responder,
    Running,
    Said,
    read,
)
from holub_relay.limits import (
    MDNS_ADDRESSES,
    MDNS_BROWSE_S,
    MDNS_CAUGHT,
    MDNS_CPU_SHARE,
    MDNS_REST_S_MIN,
)

REALM = bytes(range(32))
ME = Me(b"m" * 32, REALM, 7001)
PEER = Me(b"p" * 32, REALM, 7002)
OWN = (
    Own(2, "eth0", ip_interface("10.0.0.1/24")),
    Own(2, "eth0", ip_interface("fe80::1/64")),
)
LOOPBACK = (Own(1, "lo", ip_interface("127.0.0.1/8")),)


def answered(me: Me = PEER) -> dict[bytes, bytes | None]:
    """The TXT record of a relay as zeroconf gives it."""
    return {name.encode(): text.encode() for name, text in me.properties().items()}


def test_a_relays_answer_is_understood() -> None:
    """Key, port and the addresses on our networks, a link-local one with our interface."""
    hosts = ["10.0.0.9", "fe80::9", "fe80::8%2", "8.8.8.8"]
    said = Said(PEER.key, 7002, ("10.0.0.9", "fe80::9%eth0", "fe80::8%eth0"))
    assert read(answered(), 7002, hosts, ME, OWN) == said


def test_far_addresses_are_not_dialled() -> None:
    """A neighbour can't make us call hosts beyond our own networks, nor ourselves on loopback."""
    for host in ("10.0.1.9", "8.8.8.8", "127.0.0.1", "2001:db8::1", "fe80::9%wlan0", "x", ""):
        assert read(answered(), 7002, [host], ME, OWN) is None
    many = [f"10.0.0.{number}" for number in range(2, 50)]
    said = read(answered(), 7002, many, ME, OWN)
    assert said is not None
    assert len(said.hosts) == MDNS_ADDRESSES


@pytest.mark.parametrize(
    "change",
    [
        {b"v": b"2"},
        {b"realm": b"00" * 8},
        {b"realm": None},
        {b"key": None},
        {b"key": b"zz"},
        {b"key": b"\xff"},
        {b"key": b"70" * 31},
        {b"key": ME.key.hex().encode()},
    ],
)
def test_junk_other_realms_and_ourselves_say_nothing(change: dict[bytes, bytes | None]) -> None:
    """Whatever the record holds, the answer is None and never an error."""
    assert read({**answered(), **change}, 7002, ["10.0.0.9"], ME, OWN) is None
    assert read(answered(), None, ["10.0.0.9"], ME, OWN) is None
    assert read(answered(), 0, ["10.0.0.9"], ME, OWN) is None


def test_what_waits_is_bounded_and_coalesced() -> None:
    """A flood of keys leaves the latest MDNS_CAUGHT, one word each, and wakes once."""
    woken: list[int] = []
    caught = Caught(lambda: woken.append(1))
    for number in range(MDNS_CAUGHT + 10):
        for port in (1, 2):
            caught.put(Said(number.to_bytes(32, "big"), port, ("h",)))
    taken = caught.take()
    assert len(taken) == MDNS_CAUGHT
    assert {said.port for said in taken} == {2}
    assert taken[-1].key == (MDNS_CAUGHT + 9).to_bytes(32, "big")
    assert len(woken) == 1
    assert caught.take() == ()


@pytest.mark.slow
def test_two_responders_find_each_other_on_loopback_and_leave_no_thread() -> None:
    """Real zeroconf, on `lo` only: the other's announcement is caught, our own is not; after
    `close` every thread has ended."""
    before = set(threading.enumerate())
    caught: list[Said] = []
    first = Responder(ME, LOOPBACK, caught.append)
    second = Responder(PEER, LOOPBACK, lambda _: None)
    second.announce()
    first.ask()
    until_s = time.monotonic() + 5
    while not caught and time.monotonic() < until_s:
        time.sleep(0.01)
    assert first.cpu_s() >= 0
    first.close()
    second.close()
    assert caught[0] == Said(PEER.key, 7002, ("127.0.0.1",))
    assert {said.key for said in caught} == {PEER.key}
    assert set(threading.enumerate()) <= before


class Played:
    """A zeroconf whose troubles a test decides."""

    def __init__(self, cost_s: float = 0.0, error: Exception | None = None) -> None:
        """`cost_s` is what each look at its CPU time finds more than before."""
        self.cost_s, self.error = cost_s, error
        self.used_s = 0.0
        self.asked = self.closed = self.announced = 0
        self.put: Callable[[Said], None] = lambda _: None

    def __call__(self, me: Me, own: tuple[Own, ...], put: Callable[[Said], None]) -> Running:
        """Start it."""
        if self.error is not None:
            raise self.error
        self.put = put
        return self

    def announce(self) -> None:
        """Fail as it does when somebody has our name."""
        self.announced += 1
        raise zeroconf.NonUniqueNameException

    def ask(self) -> None:
        """Count."""
        self.asked += 1

    def cpu_s(self) -> float:
        """Spend."""
        self.used_s += self.cost_s
        return self.used_s

    def close(self) -> None:
        """Count, and fail: even that must end nothing."""
        self.closed += 1
        raise OSError("no network")


class Hints:
    """Writes down hints."""

    def __init__(self) -> None:
        """None yet."""
        self.all: list[tuple[str, int, bytes, Source]] = []

    def __call__(self, host: str, port: int, key: bytes, source: Source) -> None:
        """Take one."""
        self.all.append((host, port, key, source))


def played(monkeypatch: pytest.MonkeyPatch, player: Played, hints: Hints) -> Mdns:
    """An Mdns on a machine with the addresses OWN, over a played zeroconf."""
    monkeypatch.setattr("holub_relay.discovery.mdns.own_addresses", lambda _: OWN)
    return Mdns(ME, listen_host=None, hint=hints, responder=player)


async def run_for(mdns: Mdns, seconds: float) -> None:
    """Run it for a while of virtual time."""
    with trio.move_on_after(seconds):
        await mdns.run()


@pytest.fixture
def jumping_clock() -> trio.testing.MockClock:
    """Virtual time that jumps once threads have had their turn."""
    return trio.testing.MockClock(autojump_threshold=0.02)


@pytest.mark.trio
async def test_it_asks_again_and_a_taken_name_is_counted(
    jumping_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Announced once, in vain as the name is taken; asked every 15 s all the same; closed at the
    end although that fails too."""
    player, hints = Played(), Hints()
    mdns = played(monkeypatch, player, hints)
    await run_for(mdns, 4 * MDNS_BROWSE_S + 5)
    assert player.announced == 1
    assert 3 <= player.asked <= 4
    assert player.closed == 1
    assert mdns.failures()["NonUniqueNameException"] == 1


@pytest.mark.trio
async def test_what_is_caught_becomes_a_weak_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    """A word that zeroconf's thread hands over is told with its source, each host apart."""
    player, hints = Played(), Hints()
    mdns = played(monkeypatch, player, hints)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(mdns.run)
        with trio.fail_after(5):
            while not mdns.starts():  # noqa: ASYNC110 (a mere counter)
                await trio.sleep(0.01)
            await trio.sleep(0.05)
            await trio.to_thread.run_sync(player.put, Said(PEER.key, 7, ("a", "b")))
            while not hints.all:  # noqa: ASYNC110 (a list)
                await trio.sleep(0.01)
        nursery.cancel_scope.cancel()
    assert hints.all == [
        ("a", 7, PEER.key, Source.ZEROCONF),
        ("b", 7, PEER.key, Source.ZEROCONF),
    ]


@pytest.mark.trio
async def test_zeroconf_that_takes_too_much_is_sent_home(
    jumping_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over a tenth of a core it is closed, and started again after a rest that doubles."""
    player, hints = Played(cost_s=MDNS_CPU_SHARE * 2 * 1.5), Hints()
    mdns = played(monkeypatch, player, hints)
    await run_for(mdns, 10 * MDNS_REST_S_MIN)
    assert mdns.failures()[OVERLOADED] == mdns.starts() == player.closed
    assert 3 <= mdns.starts() <= 4


@pytest.mark.trio
async def test_zeroconf_that_does_not_start_is_tried_again(
    jumping_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A port that is taken, or any error whatever, is counted and tried again after a rest."""
    player, hints = Played(error=OSError("in use")), Hints()
    mdns = played(monkeypatch, player, hints)
    await run_for(mdns, 4 * MDNS_REST_S_MIN)
    assert mdns.failures()["OSError"] == mdns.starts() == 3


@pytest.mark.trio
async def test_zeroconf_that_hangs_holds_up_no_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    """A start that never comes back is left behind at a stop, and closed should it come back."""
    player, go, over = Played(), threading.Event(), threading.Event()
    mdns = played(monkeypatch, player, Hints())

    def hang(me: Me, own: tuple[Own, ...], put: Callable[[Said], None]) -> Running:
        go.wait(5)
        monkeypatch.setattr(player, "close", over.set)
        return player(me, own, put)

    monkeypatch.setattr(mdns, "_responder", hang)
    with trio.fail_after(2):
        await run_for(mdns, 0.1)
    go.set()
    assert await trio.to_thread.run_sync(over.wait, 5)


@pytest.mark.trio
async def test_nothing_is_announced_for_loopback() -> None:
    """A relay that listens on loopback starts no zeroconf at all."""
    mdns = Mdns(ME, listen_host="127.0.0.1", hint=Hints(), responder=Played())
    await run_for(mdns, 0.1)
    assert mdns.starts() == 0


@pytest.mark.trio
async def test_new_addresses_make_it_start_anew(
    jumping_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a renumbering the old zeroconf is closed and another announces the new address; while
    there is no network none runs."""
    player, hints = Played(), Hints()
    mdns = played(monkeypatch, player, hints)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(mdns.run)
        await trio.sleep(20)
        assert mdns.starts() == 1
        monkeypatch.setattr("holub_relay.discovery.mdns.own_addresses", lambda _: OWN[:1])
        await trio.sleep(20)
        assert (mdns.starts(), player.closed) == (2, 1)
        monkeypatch.setattr("holub_relay.discovery.mdns.own_addresses", lambda _: ())
        await trio.sleep(4 * MDNS_REST_S_MIN)
        assert (mdns.starts(), player.closed) == (2, 2)
        nursery.cancel_scope.cancel()


def test_the_name_and_record_fit_dns() -> None:
    """The instance's name is one DNS label and each TXT string within its 255 bytes."""
    assert len(ME.name) <= 63
    assert all(len(f"{name}={text}") <= 255 for name, text in ME.properties().items())
