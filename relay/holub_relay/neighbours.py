"""What a node knows of its neighbours besides its links: addresses to try, to keep and to give.

The daemon's side of discovery that touches the data directory, and what `holub peers` and
`holub join-code` are answered.
"""

from dataclasses import dataclass

import trio

from holub_relay.config import join_address, split_address
from holub_relay.discovery import joincode, remembered
from holub_relay.discovery.beacon import Beacon
from holub_relay.discovery.hints import Source
from holub_relay.discovery.interfaces import own_addresses
from holub_relay.discovery.joincode import JoinCode
from holub_relay.discovery.mdns import Mdns
from holub_relay.errors import Exit, OperatorError
from holub_relay.limits import REMEMBER_S
from holub_relay.links import LinkManager
from holub_relay.station import Station
from holub_relay.writer import Writer


@dataclass(frozen=True, slots=True)
class Static:
    """A peer that the operator named; with `key` nobody else is accepted there."""

    host: str
    port: int
    key: bytes | None


def static_peers(texts: tuple[str, ...], realm_id: bytes) -> tuple[Static, ...]:
    """Read --peer: HOST:PORT or a join code; OperatorError where a code is of another realm."""
    found: list[Static] = []
    for text in texts:
        if not joincode.is_code(text):
            host, port = split_address(text, "--peer")
            found.append(Static(host or "localhost", port, None))
            continue
        code = read_code(text)
        if code.realm != realm_id[: joincode.REALM_BYTES]:
            raise OperatorError(
                f"the join code {text[:20]}... is of another realm than this directory; take the "
                "code of a relay of your realm, or join that realm with `holub init --join`"
            )
        found += (Static(host, code.port, code.key) for host in code.hosts)
    return tuple(found)


def read_code(text: str) -> JoinCode:
    """Read a join code; OperatorError says what is wrong with it."""
    try:
        return joincode.decode(text)
    except ValueError as error:
        raise OperatorError(
            f"the join code {text[:20]!r}... can't be read: {error}; copy it again from "
            "`holub join-code`"
        ) from None


def brought_gates(texts: tuple[str, ...]) -> tuple[bytes, ...]:
    """Return the gate keys that join codes among --peer bring, which have passed `static_peers`."""
    codes = (read_code(text) for text in texts if joincode.is_code(text))
    return tuple(code.gate for code in codes if code.gate is not None)


def try_remembered(station: Station, manager: LinkManager) -> None:
    """Let the links try where granted relays were met before this start."""
    for key, host, port in remembered.read(station.store.note(remembered.NOTE)):
        manager.hint(host, port, key, Source.REMEMBERED)


async def remember(manager: LinkManager, writer: Writer) -> None:
    """Keep good addresses in the store: once a minute at most, and at the end."""
    kept: tuple[remembered.Good, ...] = ()
    try:
        while True:
            await trio.sleep(REMEMBER_S)
            kept = _keep(manager, writer, kept)
    finally:
        _keep(manager, writer, kept)


def _keep(
    manager: LinkManager, writer: Writer, kept: tuple[remembered.Good, ...]
) -> tuple[remembered.Good, ...]:
    # Sorted: the order changes with every beacon, and is not worth a write.
    good = tuple(sorted(manager.proven()))
    if not good or good == kept:
        return kept
    # A full disk, or a store that has failed: the next start has to look around, no more.
    writer.submit(remembered.writes(good), False, _whatever)
    return good


def _whatever(_: Exception | None) -> None:
    """Take no notice of what became of the writing."""


# --- requests ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Discovery:
    """What looks for relays on the local network; None where it is off."""

    beacon: Beacon | None = None
    mdns: Mdns | None = None

    def view(self) -> dict[str, object]:
        """Counts for operators."""
        beacon, mdns = self.beacon, self.mdns
        return {
            "beacon": None
            if beacon is None
            else {
                "interfaces": [place.name for place in beacon.places()],
                "heard": beacon.heard(),
                "deaf": {str(reason): count for reason, count in sorted(beacon.deaf().items())},
            },
            "zeroconf": None
            if mdns is None
            else {"starts": mdns.starts(), "failures": dict(sorted(mdns.failures().items()))},
        }


def peers(manager: LinkManager, discovery: Discovery) -> dict[str, object]:
    """Answer `peers` of a running relay: each hint, its source and what came of it."""
    return {
        "running": True,
        **discovery.view(),
        "hints": [state.view() for state in manager.hints()],
        "links": [
            {
                "peer": link.key.hex(),
                "address": join_address(*link.address),
                "outbound": link.outbound,
                "age_s": round(link.age_s, 1),
            }
            for link in manager.peers()
        ],
    }


def join_code(station: Station, listen: str, gate: bytes | None = None) -> dict[str, object]:
    """Answer `join-code` of a relay that listens on `listen`; OperatorError without a network."""
    host, port = split_address(listen, "listen")
    usable = [own.ip.ip for own in own_addresses(host) if not own.ip.is_link_local]
    # IPv4 first: shorter, and it is what a network that blocks multicast always has.
    hosts = [str(ip) for ip in sorted(usable, key=lambda ip: ip.version)][: joincode.HOSTS_MAX]
    if not hosts:
        raise OperatorError(
            f"the relay listens on {listen}, and no interface has an address there that others "
            "could dial; connect it to a network, or choose another --listen",
            Exit.NOT_FOUND,
        )
    trust = station.node.trust
    realm = trust.realm_id[: joincode.REALM_BYTES]
    code = JoinCode(realm, station.identity.public, port, tuple(hosts), gate)
    return {
        "code": joincode.encode(code),
        "addresses": [join_address(host, port) for host in hosts],
        "key": station.identity.public.hex(),
        "secret": gate is not None,
        "realm": trust.charter.name,
        "fingerprint": trust.words,
    }
