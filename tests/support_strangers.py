"""The ways in where somebody is heard of whom nothing is known yet: beacons, neighbours by
multicast DNS, handshakes, join codes, files of a ceremony, settings. See support_ways.py."""

import base64
import os
from hashlib import blake2b
from ipaddress import ip_interface
from pathlib import Path
from random import Random
from typing import Final

from holub_crypto import cbor
from holub_crypto.noise import Handshake, KeyPair
from holub_relay import ceremony, config
from holub_relay.discovery import beacon, joincode, mdns
from holub_relay.discovery.interfaces import Own
from holub_relay.errors import OperatorError
from holub_relay.link import LinkError, LinkKey, SecureLink
from support_broken import mutated
from support_realm import START_S, Realm, key

SETTINGS: Final = b"""area = 93317
listen = "0.0.0.0:24658"
page = "off"
peers = ["10.0.0.2:24658", "[fe80::1]:7"]
discovery = true
gate = "gate.key"
clock = "host"
store_mib = 64
demo = false
"""

_HEARD_S: Final = 0.1
_HOSTS: Final = 50


class Strangers:
    """What a relay uses to hear strangers, and what a stranger says rightly."""

    def __init__(self, realm: Realm, folder: Path) -> None:
        """`folder` takes the settings."""
        self.realm, self.folder, self.count = realm, folder, 0
        self.peer, node = key("peer"), key("node")
        self.ears = beacon.Ears(node.public, realm.id, lambda _: True, now_s=0.0)
        self.callee = SecureLink(False, LinkKey.make(node, realm.id, os.urandom), os.urandom)
        self.static = KeyPair.generate(os.urandom)
        self.caller = Handshake(
            "Noise_XX_25519_ChaChaPoly_BLAKE2b", True, b"holub link 1" + realm.id, os.urandom,
            static=self.static,
        )  # fmt: skip
        self.me = mdns.Me(node.public, realm.id, 7)
        places = ("10.0.0.1/8", "fe80::1/10")
        self.own = tuple(Own(1, "lo", ip_interface(place)) for place in places)

    # --- what is said rightly -----------------------------------------------------------------

    def beacons(self) -> list[bytes]:
        """Return an announcement on the local network."""
        said = beacon.Announcement(self.peer.public, 7, 1, 1, 250)
        return [beacon.encode(said, self.peer, self.realm.id)]

    def announcements(self) -> list[bytes]:
        """Return what such an announcement signs."""
        return [cbor.encode(cbor.as_tuple(cbor.decode(raw))[:-1]) for raw in self.beacons()]

    def introductions(self) -> list[bytes]:
        """Return what a caller says of himself in the last message of a handshake."""
        content = b"holub link static key 1i" + self.realm.id + self.static.public
        return [cbor.encode((1, 0, self.peer.public, self.peer.sign(content)))]

    def neighbours(self) -> list[bytes]:
        """Return version, realm, key, port and host of a neighbour."""
        texts = (self.me.realm.encode(), self.peer.public.hex().encode())
        return [cbor.encode((b"1", *texts, 7, host)) for host in ("10.0.0.2", "fe80::2%lo")]

    def codes(self) -> list[bytes]:
        """Return join codes, with a gate key and without."""
        head = self.realm.id, self.peer.public, 7, ("10.0.0.2", "fe80::1")
        codes = (joincode.JoinCode(*head), joincode.JoinCode(*head, bytes(32)))
        return [joincode.encode(code).encode() for code in codes]

    def code_contents(self) -> list[bytes]:
        """Return what is inside them."""
        squeezed = (code.decode().removeprefix(joincode.PREFIX) for code in self.codes())
        return [base64.b32decode(text + "=" * (-len(text) % 8))[:-4] for text in squeezed]

    def ceremonies(self) -> list[bytes]:
        """Return a request for a charter's signatures, a signature, a chain of charters."""
        chain = (self.realm.first,)
        request = ceremony.following(chain, START_S, name="Later")
        signature = request.sign(self.realm.root).encode().encode()
        return [request.encode(), signature, self.realm.first]

    # --- who hears it -------------------------------------------------------------------------

    def beacon(self, packet: bytes) -> None:
        """Hear a datagram, from one of 50 hosts so that its budget does not swallow it."""
        self.count += 1
        self.ears.hear(packet, f"10.0.0.{self.count % _HOSTS}", self.count * _HEARD_S)

    def announcement(self, data: bytes) -> None:
        """Hear a datagram whose key has signed what it says."""
        label = b"holub beacon 1" + self.realm.id
        try:
            fields = cbor.as_tuple(cbor.decode(data))
            signed = cbor.encode((*fields, self.peer.sign(label + data)))
        except cbor.CborError:
            signed = data
        self.beacon(signed)

    def handshake(self, data: bytes) -> None:
        """Be called by somebody who says this."""
        try:
            self.callee.fork().receive(data)
        except LinkError:
            return

    def introduction(self, payload: bytes) -> None:
        """Be called by somebody whose handshake is right and who says this of himself."""
        callee, caller = self.callee.fork(), self.caller.fork()
        answer, _ = callee.receive(_with_length(caller.write()))
        caller.read(answer[2:])
        try:
            callee.receive(_with_length(caller.write(payload)))
        except LinkError:
            return

    def neighbour(self, data: bytes) -> None:
        """Hear of a neighbour by multicast DNS."""
        try:
            version, realm, peer, port, host = cbor.as_tuple(cbor.decode(data))
        except ValueError:
            version, realm, peer, port, host = b"1", data, data, 7, data.decode("latin-1")
        texts = {b"v": version, b"realm": realm, b"key": peer}
        mdns.read(
            {name: text for name, text in texts.items() if isinstance(text, bytes | None)},
            port if isinstance(port, int) else None,
            [host] if isinstance(host, str) else [],
            self.me,
            self.own,
        )

    def ceremony(self, data: bytes) -> None:
        """Read a file that came from another machine, as each that it may be."""
        for read in (ceremony.read_request, ceremony.read_signature, ceremony.read_chain):
            try:
                read(data, "a file")
            except OperatorError:
                continue

    def settings(self, data: bytes) -> None:
        """Read a configuration."""
        (self.folder / "config.toml").write_bytes(data)
        try:
            config.load(self.folder)
        except OperatorError:
            return


def hear_code(data: bytes) -> None:
    """Read a join code, whatever its letters."""
    try:
        joincode.decode(data.decode("latin-1"))
    except ValueError:
        return


def sealed_code(rng: Random, real: list[bytes]) -> bytes:
    """Break what a join code says, and give it its right checksum."""
    content = mutated(rng, real)
    check = blake2b(content, digest_size=4, person=b"holub join").digest()
    return (joincode.PREFIX + base64.b32encode(content + check).decode().rstrip("=")).encode()


def _with_length(message: bytes) -> bytes:
    return len(message).to_bytes(2, "big") + message
