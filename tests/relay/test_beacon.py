"""The beacon: its packet, what is not listened to, and two relays on the loopback interface."""

import os
import socket
from random import Random

import pytest
import trio
import trio.testing

from holub_crypto import cbor
from holub_crypto.identity import Identity
from holub_relay.discovery.beacon import (
    GROUP_4,
    Announcement,
    Beacon,
    Deafness,
    Ears,
    encode,
)
from holub_relay.discovery.interfaces import places
from holub_relay.limits import (
    BEACON_BYTES,
    BEACON_KEYS,
    BEACON_MEMORY_S,
    BEACON_SOURCES,
    BEACON_VERIFIES_PER_S,
    BEACONS_PER_SOURCE_BURST,
)

REALM = bytes(range(32))
OTHER_REALM = bytes(range(8)) + bytes(24)  # the same 8 bytes in front
ME = Identity.from_seed(b"\1" * 32)
PEER = Identity.from_seed(b"\2" * 32)
HOST = "10.0.0.2"


def ears(*granted: bytes) -> Ears:
    """The ears of ME at time 0."""
    return Ears(ME.public, REALM, lambda key: key in granted, now_s=0.0)


def said(sequence: int, boot: int = 1, identity: Identity = PEER) -> Announcement:
    """An announcement of PEER's port 7."""
    return Announcement(identity.public, 7, boot, sequence, 250)


def packet(sequence: int, boot: int = 1, identity: Identity = PEER, realm: bytes = REALM) -> bytes:
    """The same, signed."""
    return encode(said(sequence, boot, identity), identity, realm)


def test_announcement_survives_the_packet() -> None:
    """What was announced is what is heard, in far less than the largest packet."""
    assert ears().hear(packet(1), HOST, 0.0) == said(1)
    widest = Announcement(PEER.public, 65_535, 2**32 - 1, 2**32 - 1, 10_000)
    assert len(encode(widest, PEER, REALM)) <= 140 < BEACON_BYTES


def test_any_changed_byte_is_not_believed() -> None:
    """No byte of a packet may change, the realm's prefix and the port included."""
    good = packet(1)
    for at in range(len(good)):
        listener = ears()
        bad = good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
        assert isinstance(listener.hear(bad, HOST, 0.0), Deafness)


@pytest.mark.parametrize(
    ("junk", "deafness"),
    [
        (b"", Deafness.FORM),
        (b"\xff" * 100, Deafness.FORM),
        (bytes(BEACON_BYTES + 1), Deafness.SIZE),
        (cbor.encode((1, 2, 3)), Deafness.FORM),
        (cbor.encode((2, bytes(8), bytes(32), 7, 1, 1, 1, bytes(64))), Deafness.FORM),
        (cbor.encode((1, bytes(8), bytes(32), 0, 1, 1, 1, bytes(64))), Deafness.FORM),
        (cbor.encode((1, bytes(8), bytes(32), 7, 1, 2**32, 1, bytes(64))), Deafness.FORM),
        (cbor.encode((1, bytes(8), bytes(32), 7, 1, 1, 1, bytes(64))), Deafness.REALM),
        (cbor.encode((1, REALM[:8], bytes(32), 7, 1, 1, 1, bytes(64))), Deafness.SIGNATURE),
    ],
)
def test_junk_has_a_reason_and_raises_nothing(junk: bytes, deafness: Deafness) -> None:
    """Every kind of junk ends at its check."""
    assert ears().hear(junk, HOST, 0.0) is deafness


def test_random_bytes_raise_nothing() -> None:
    """Whatever bytes come, the answer is a value."""
    listener, random = ears(), Random(5)
    for step in range(2000):
        junk = random.randbytes(random.randrange(BEACON_BYTES + 20))
        assert isinstance(listener.hear(junk, HOST, float(step)), Deafness)


def test_own_and_foreign_announcements_are_not_for_us() -> None:
    """Our own packets, another realm's, and one that shares our realm's prefix are refused."""
    assert ears().hear(packet(1, identity=ME), HOST, 0.0) is Deafness.OWN
    assert ears().hear(packet(1, realm=bytes(32)), HOST, 0.0) is Deafness.REALM
    assert ears().hear(packet(1, realm=OTHER_REALM), HOST, 0.0) is Deafness.SIGNATURE


def test_our_key_from_elsewhere_is_looked_into() -> None:
    """What is not our own echo is heard, if signed; whoever acts on it asks for proof."""
    heard = Ears(ME.public, REALM, lambda _: True, 0.0, lambda host, port: host == "10.0.0.1")
    mine = packet(1, identity=ME)
    assert heard.hear(mine, "10.0.0.1", 0.0) is Deafness.OWN
    assert heard.hear(mine, HOST, 0.0) == said(1, identity=ME)
    assert heard.hear(mine[:-1] + b"x", HOST, 60.0) is Deafness.SIGNATURE


def test_replay_is_old_wherever_it_comes_from() -> None:
    """A packet is believed once; only a later one or a later boot is news."""
    listener = ears()
    assert listener.hear(packet(5), HOST, 0.0) == said(5)
    assert listener.hear(packet(5), "10.0.0.66", 0.1) is Deafness.OLD
    assert listener.hear(packet(4), HOST, 0.2) is Deafness.OLD
    assert listener.hear(packet(6), HOST, 0.3) == said(6)
    assert listener.hear(packet(1, boot=2), HOST, 0.4) == said(1, boot=2)
    assert listener.hear(packet(7), HOST, 0.5) is Deafness.OLD


def test_lost_boot_counter_is_forgiven_after_silence() -> None:
    """A relay whose counter was lost is heard again soon: a replay then is a mere hint."""
    listener = ears()
    listener.hear(packet(9, boot=9), HOST, 0.0)
    assert listener.hear(packet(1), HOST, BEACON_MEMORY_S - 1) is Deafness.OLD
    assert listener.hear(packet(1), HOST, BEACON_MEMORY_S + 1) == said(1)


def test_bad_signatures_do_not_advance_the_sequence() -> None:
    """A forged high number does not make the true relay's packets old."""
    listener = ears()
    forged = encode(said(1_000), ME, REALM)
    assert listener.hear(forged, "10.0.0.66", 0.0) is Deafness.SIGNATURE
    assert listener.hear(packet(1), HOST, 0.1) == said(1)


def test_one_source_is_limited_and_others_are_not() -> None:
    """A host that floods is not read any more, without harm to another."""
    listener = ears()
    answers = [listener.hear(b"junk", "10.0.0.66", 0.0) for _ in range(100)]
    assert answers.count(Deafness.FORM) == BEACONS_PER_SOURCE_BURST
    assert listener.hear(packet(1), HOST, 0.0) == said(1)


def test_flood_of_strangers_leaves_granted_relays_heard() -> None:
    """Packets with invented keys use up their own budget of signatures, in bounded memory."""
    listener = ears(PEER.public)
    refused = 0
    for number in range(int(BEACON_VERIFIES_PER_S) + 100):
        key = number.to_bytes(32, "big")
        junk = cbor.encode((1, REALM[:8], key, 7, 1, 1, 1, bytes(64)))
        refused += listener.hear(junk, f"10.0.{number}", 0.0) is Deafness.RATE
    assert refused == 100
    assert listener.hear(packet(1), HOST, 0.0) == said(1)
    assert len(listener._sources) <= BEACON_SOURCES


def test_remembered_keys_are_bounded() -> None:
    """Validly signed packets of ever new keys do not grow the memory."""
    listener = ears()
    for number in range(BEACON_KEYS + 10):
        stranger = Identity.from_seed(number.to_bytes(32, "big"))
        heard = listener.hear(packet(1, identity=stranger), f"10.0.{number}", number / 100)
        assert isinstance(heard, Announcement)
    assert len(listener._last) == BEACON_KEYS


class Relay:
    """A beacon on loopback that writes down its hints."""

    def __init__(self, identity: Identity, listen_host: str, tcp_port: int, port: int) -> None:
        """Not running yet."""
        self.hints: list[tuple[str, int, bytes]] = []
        self.heard = trio.Event()
        self.beacon = Beacon(
            identity,
            REALM,
            listen_host=listen_host,
            tcp_port=tcp_port,
            boot=1,
            hint=self._hint,
            granted=lambda _: True,
            missing=lambda: False,
            rng=Random(1),
            port=port,
        )

    def _hint(self, host: str, port: int, key: bytes) -> None:
        self.hints.append((host, port, key))
        self.heard.set()


def free_port() -> int:
    """A UDP port of our own, so that relays running on this machine are not heard."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.trio
async def test_two_relays_of_one_host_hear_each_other_at_once() -> None:
    """On loopback each hears the other's address and port well within a second."""
    port = free_port()
    first = Relay(ME, "127.0.0.1", 7001, port)
    second = Relay(PEER, "127.0.0.2", 7002, port)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(first.beacon.run)
        nursery.start_soon(second.beacon.run)
        with trio.fail_after(2):
            await first.heard.wait()
            await second.heard.wait()
        nursery.cancel_scope.cancel()
    assert first.hints[0] == ("127.0.0.2", 7002, PEER.public)
    assert second.hints[0] == ("127.0.0.1", 7001, ME.public)
    assert first.beacon.heard() == len(first.hints)


@pytest.mark.trio
async def test_junk_on_the_wire_leaves_the_beacon_hearing() -> None:
    """Real packets of junk are counted by reason; the next true one is believed."""
    port = free_port()
    relay = Relay(ME, "127.0.0.1", 7001, port)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(relay.beacon.run)
        await trio.testing.wait_all_tasks_blocked()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            local = socket.inet_aton("127.0.0.1")
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, local)
            for data in (os.urandom(100), bytes(1000), packet(1), packet(1)):
                sender.sendto(data, (GROUP_4, port))
        with trio.fail_after(2):
            await relay.heard.wait()
            while Deafness.OLD not in relay.beacon.deaf():  # noqa: ASYNC110 (a mere counter)
                await trio.sleep(0.01)
        nursery.cancel_scope.cancel()
    deaf = relay.beacon.deaf()
    assert (deaf[Deafness.FORM], deaf[Deafness.SIZE], deaf[Deafness.OLD]) == (1, 1, 1)
    assert len(relay.hints) == 1


@pytest.mark.trio
async def test_pauses_grow_and_a_known_peers_absence_shortens_them(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """A minute alone costs few packets: 0.25 s doubling to 10 s, or to 5 s while one is missing."""
    counts = []
    for missing in (False, True):
        relay = Relay(ME, "127.0.0.1", 7001, free_port())
        relay.beacon._missing = lambda missing=missing: missing  # type: ignore[misc]
        with trio.move_on_after(60):
            await relay.beacon.run()
        counts.append(relay.beacon._sequence)
    # 0.25 + 0.5 + 1 + 2 + 4 + 8 s, then every 10 s (5 s), each up to a tenth less.
    assert 10 <= counts[0] <= 12
    assert 15 <= counts[1] <= 18


@pytest.mark.trio
async def test_change_of_interfaces_wakes_the_beacon(
    autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A place that vanishes is closed; when it comes back the beacon starts at 0.25 s again."""
    relay = Relay(ME, "127.0.0.1", 7001, free_port())
    there = places("127.0.0.1")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(relay.beacon.run)
        await trio.sleep(100)
        monkeypatch.setattr("holub_relay.discovery.beacon.places", lambda _: ())
        await trio.sleep(30)
        assert relay.beacon.places() == ()
        silent = relay.beacon._sequence
        await trio.sleep(30)
        assert relay.beacon._sequence == silent
        monkeypatch.setattr("holub_relay.discovery.beacon.places", lambda _: there)
        await trio.sleep(16)
        assert relay.beacon.places() == there
        assert relay.beacon._sequence - silent >= 2
        nursery.cancel_scope.cancel()
