"""Static peers, good addresses kept over a restart, and what `join-code` answers."""

from ipaddress import ip_interface
from pathlib import Path
from random import Random

import pytest
import trio
import trio.testing

from holub_crypto.identity import Identity
from holub_relay import neighbours
from holub_relay.asking import Answer
from holub_relay.config import checked
from holub_relay.discovery import joincode, remembered
from holub_relay.discovery.interfaces import Own
from holub_relay.errors import OperatorError
from holub_relay.limits import REMEMBER_S
from holub_relay.link import LinkKey
from holub_relay.links import LinkManager
from holub_relay.neighbours import Static
from holub_relay.station import Station
from holub_relay.writer import Writer
from support_relay import made

REALM = bytes(range(32))
KEY = b"k" * 32


def code(realm: bytes = REALM, gate: bytes | None = None) -> str:
    """A join code with two addresses."""
    hosts = ("10.0.0.1", "2001:db8::1")
    return joincode.encode(joincode.JoinCode(realm[: joincode.REALM_BYTES], KEY, 7, hosts, gate))


def test_static_peers_are_addresses_or_codes() -> None:
    """HOST:PORT accepts anybody there; a code pins the key at each of its addresses."""
    assert neighbours.static_peers(("10.0.0.2:5", ":6", code()), REALM) == (
        Static("10.0.0.2", 5, None),
        Static("localhost", 6, None),
        Static("10.0.0.1", 7, KEY),
        Static("2001:db8::1", 7, KEY),
    )


def test_a_configuration_may_hold_a_code() -> None:
    """`peers` in config.toml takes what --peer takes, and still refuses what is neither."""
    assert checked({"peers": [code(), "10.0.0.2:5"]}, "f").peers == (code(), "10.0.0.2:5")
    with pytest.raises(OperatorError, match="is not HOST:PORT"):
        checked({"peers": ["10.0.0.2"]}, "f")


def test_codes_bring_gate_keys() -> None:
    """Those of all codes that hold one, in their order; addresses bring none."""
    texts = ("10.0.0.2:5", code(gate=b"g" * 32), code(), code(gate=b"h" * 32))
    assert neighbours.brought_gates(texts) == (b"g" * 32, b"h" * 32)


def test_codes_of_other_realms_and_broken_ones_are_told() -> None:
    """The operator hears what is wrong and what to do."""
    with pytest.raises(OperatorError, match="of another realm"):
        neighbours.static_peers((code(bytes(32)),), REALM)
    with pytest.raises(OperatorError, match=r"copy it again from `holub join-code`"):
        neighbours.static_peers((code()[:-3],), REALM)


def test_a_join_code_names_what_others_can_dial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """IPv4 first, no link-local address, the port that the relay really has; without a network
    the operator is told."""
    own = [
        Own(2, "eth0", ip_interface("fe80::1/64")),
        Own(2, "eth0", ip_interface("2001:db8::5/64")),
        Own(2, "eth0", ip_interface("10.0.0.1/24")),
    ]
    monkeypatch.setattr(neighbours, "own_addresses", lambda _: tuple(own))
    with Station.open(made(tmp_path)) as station:
        answer = neighbours.join_code(station, ":7447")
        assert answer["addresses"] == ["10.0.0.1:7447", "[2001:db8::5]:7447"]
        read = joincode.decode(str(answer["code"]))
        assert (read.key, read.port) == (station.identity.public, 7447)
        assert station.realm_id.startswith(read.realm)
        assert (read.gate, answer["secret"]) == (None, False)
        answer = neighbours.join_code(station, ":7447", b"g" * 32)
        assert answer["secret"] is True
        assert joincode.decode(str(answer["code"])).gate == b"g" * 32
        del own[1:]
        with pytest.raises(OperatorError, match="connect it to a network"):
            neighbours.join_code(station, ":7447")


class Links:
    """Hooks that do nothing."""

    def on_up(self, link_id: int, peer_key: bytes) -> None:
        """A link stands."""

    def on_data(self, link_id: int, data: bytes) -> None:
        """Bytes came."""

    def on_down(self, link_id: int) -> None:
        """The link is gone."""


def manager(station: Station) -> LinkManager:
    """The links of a station, all keys granted."""
    key = LinkKey.make(station.identity, station.realm_id, lambda size: b"e" * size)
    return LinkManager(
        key, Links(), entropy=lambda size: b"e" * size, rng=Random(1), granted=lambda _: True
    )


@pytest.mark.trio
async def test_good_addresses_are_kept_once_a_minute_and_at_the_end(
    autojump_clock: trio.testing.MockClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written when they have changed, and not again while they have not; the next start makes
    hints of them, which are told with their source."""
    peer = Identity.from_seed(b"\2" * 32).public
    good: tuple[remembered.Good, ...] = ((peer, "10.0.0.2", 7),)
    with Station.open(made(tmp_path)) as station, Writer(station.store) as writer:
        links = manager(station)
        monkeypatch.setattr(links, "proven", lambda: good)
        with trio.move_on_after(3.5 * REMEMBER_S):
            await neighbours.remember(links, writer)
        writer.close()
        assert remembered.read(station.store.note(remembered.NOTE)) == good
        fresh = manager(station)
        neighbours.try_remembered(station, fresh)
        answer: Answer = neighbours.peers(fresh, neighbours.Discovery())
    (hint,) = answer["hints"]
    assert (hint["address"], hint["source"]) == ("10.0.0.2:7", "remembered")
    assert (answer["beacon"], answer["zeroconf"]) == (None, None)
