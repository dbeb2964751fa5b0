"""Every way in for what others wrote, fed with real inputs that were broken: by a test, and a
million times by bench/fuzz.py. What a way documents as its answer to junk is caught here, and
nothing else."""

import json
import os
import tracemalloc
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from holub_crypto import charter, cose
from holub_protocol import bundle, codec, frames
from holub_protocol.framing import frame_bytes
from holub_protocol.kinds import KINDS
from holub_relay import api, config, requests
from holub_relay.discovery import beacon, joincode
from holub_relay.errors import OperatorError
from holub_relay.link import LinkError, LinkKey, SecureLink
from holub_relay.station import Station
from support_fuzz import Fuzz, mutated
from support_realm import KYIV, START_S, Box, Realm, key, now_at
from support_relay import made
from support_vectors import VECTORS, bodies

ANEW: Final = 2000
"""Inputs after which a node begins anew, lest it grow full of what was good by chance."""

WAYS: Final = (
    "frame", "message", "signed message", "charter", "signed charter", "signed grant", "bundle",
    "request", "beacon", "handshake", "config", "join code",
)  # fmt: skip

Hear = Callable[[bytes], None]

_REQUESTS: Final[tuple[dict[str, object], ...]] = (
    {"do": "alert", "verb": "start", "areas": [KYIV], "hazard": "air-raid",
     "texts": {"uk": "В укриття", "en": "Take shelter"}, "certainty": "likely"},
    {"do": "alert", "verb": "clear", "incident": "0123456789abcdef", "confirm": True},
    {"do": "board", "areas": [KYIV, 0]},
    {"do": "grant", "subject": "ab" * 32, "authority": 1, "areas": [KYIV], "hazards": ["air-raid"]},
    {"do": "revoke", "key": "ab" * 32, "keep": ["cd" * 32], "since": START_S},
    {"do": "endorse", "id": "ef" * 32},
    {"do": "offer", "raw": "00" * 90},
    {"do": "post", "kind": "need", "service": "ab" * 8, "box": "cd" * 112, "area": KYIV},
    {"do": "list", "kind": "alert", "start": 0},
    {"do": "show", "id": "abcd"},
    {"do": "boxes", "service": "ab" * 8},
    {"do": "status"}, {"do": "realm"}, {"do": "peers"}, {"do": "desk"},
    {"do": "clock-confirm", "time_s": START_S},
)  # fmt: skip
_CONFIG: Final = b"""area = 93317
listen = "0.0.0.0:24658"
peers = ["10.0.0.2:24658", "[fe80::1]:7"]
discovery = true
clock = "host"
store_mib = 64
"""


@dataclass(slots=True)
class Played:
    """What came of the inputs of one way."""

    inputs: int = 0
    most_allocated_bytes: int = 0


class _Ways:
    """The ways that need a node of a realm, or a relay's directory."""

    def __init__(self, station: Station, folder: Path, rng: Random) -> None:
        self.realm, self.desk = Realm(), key("desk")
        self.later = charter.decode(self.charters()[1]).charter
        self.rng, self.station, self.folder = rng, station, folder
        self.count, self.link = 0, 0
        self.box = self._box()
        self.ears = beacon.Ears(key("node").public, self.realm.id, lambda _: True, now_s=0.0)
        self.caller = SecureLink(
            False, LinkKey.make(key("node"), self.realm.id, os.urandom), os.urandom
        )

    def _box(self) -> Box:
        box = Box(self.realm, "node")
        box.node.offer(self.realm.grant(self.desk.public, depth=2), now_at(1))
        box.flush(1)
        self.link = 0
        return box

    def _turn(self) -> int:
        """Return the second of this input; let the node begin anew when its time has come."""
        self.count += 1
        if self.count % ANEW == 0:
            self.box = self._box()
        return 1 + self.count // 100

    def messages(self) -> list[bytes]:
        """Return one message of each kind and form of body."""
        vectors = bodies(self.realm.id).values()
        kinds = json.loads(VECTORS.read_text())["messages"]
        return [
            self.realm.message(self.desk, KINDS[entry["kind"]].name, body, area=area)
            for entry, (_, _, area, body) in zip(kinds, vectors, strict=True)
        ]

    def charters(self) -> list[bytes]:
        """Return charter 1 and one that follows it."""
        return [self.realm.first, self.realm.charter_after(name="Later")]

    def offer(self, data: bytes) -> None:
        """Bring a message or charter in as a file or the local socket does."""
        at_s = self._turn()
        self.box.node.offer(data, now_at(at_s))
        self.box.flush(at_s)

    def signed(self, payload: bytes) -> None:
        """Offer a broken payload that a desk, or the registrar, has really signed."""
        signer = self.rng.choice((self.desk, self.realm.registrar))
        self.offer(cose.sign1(signer, codec.external(self.realm.id), payload))

    def charter(self, payload: bytes) -> None:
        """Offer a broken charter that the root has really signed."""
        external = self.later.external(self.realm.id)
        self.offer(cose.sign_many((self.realm.root,), external, payload))

    def frame(self, data: bytes) -> None:
        """Say a frame on a live link of the whole node."""
        at_s, node = self._turn(), self.box.node
        if not any(link.live for link in node.stats().links):
            self.link += 1
            node.link_up(self.link, key("peer").public, now_at(at_s))
            hello = frames.Hello(1, os.urandom(16), 4096, 65_536, 1)
            node.receive(self.link, frame_bytes(frames.encode(hello)), now_at(at_s))
        node.receive(self.link, frame_bytes(data), now_at(at_s))
        self.box.flush(at_s)

    def file(self, data: bytes) -> None:
        """Import a file in pieces; what it holds is offered."""
        reader = bundle.BundleReader()
        piece = self.rng.randrange(1, 1500)
        for at in range(0, len(data), piece):
            reader.feed(data[at : at + piece])
            self._records(reader)
        reader.close()
        self._records(reader)

    def _records(self, reader: bundle.BundleReader) -> None:
        while (record := reader.next()) is not None:
            self.box.node.offer(record.raw, now_at(1), record.age_s)
            self.box.flush(1)

    def request(self, line: bytes) -> None:
        """Ask over the local socket."""
        request = api.read(line)
        if not isinstance(request, str):
            json.dumps(requests.handle(self.station, request))
            self.station.settle()

    def beacon(self, packet: bytes) -> None:
        """Hear a datagram, from one of 50 hosts so that its budget does not swallow it."""
        self.count += 1
        self.ears.hear(packet, f"10.0.0.{self.count % 50}", self.count / 10)

    def handshake(self, data: bytes) -> None:
        """Be called by somebody who says this."""
        try:
            self.caller.fork().receive(data)
        except LinkError:
            return

    def settings(self, data: bytes) -> None:
        """Read a configuration."""
        (self.folder / "config.toml").write_bytes(data)
        try:
            config.load(self.folder)
        except OperatorError:
            return


def _code(data: bytes) -> None:
    try:
        joincode.decode(data.decode("latin-1"))
    except ValueError:
        return


def _payload(raw: bytes) -> bytes:
    return cose.read_sign1(raw).payload


def _file(messages: Iterable[bytes]) -> bytes:
    records = [bundle.encode(raw, 60) for raw in messages]
    return b"".join(records) + bundle.end(len(records))


def _table(ways: _Ways) -> dict[str, tuple[list[bytes], Hear]]:
    messages, charters = ways.messages(), ways.charters()
    grants = [ways.realm.grant(key("other").public, areas=(KYIV,), hazards=(1,)),
              ways.realm.revoke(key("other").public)]  # fmt: skip
    said = beacon.Announcement(key("peer").public, 7, 1, 1, 250)
    code = joincode.JoinCode(ways.realm.id, key("peer").public, 7, ("10.0.0.2", "fe80::1"))
    calls = [size.to_bytes(2, "big") + os.urandom(size) for size in (32, 48)]
    plain = [charter.decode(raw).charter.payload() for raw in charters]
    rows: tuple[tuple[list[bytes], Hear], ...] = (
        (Fuzz(seed=1).real, ways.frame),
        (messages, ways.offer),
        ([_payload(raw) for raw in messages], ways.signed),
        (charters, ways.offer),
        (plain, ways.charter),
        ([_payload(raw) for raw in grants], ways.signed),
        ([_file([*charters, *messages[:3]])], ways.file),
        ([json.dumps(one).encode() for one in _REQUESTS], ways.request),
        ([beacon.encode(said, key("peer"), ways.realm.id)], ways.beacon),
        (calls, ways.handshake),
        ([_CONFIG], ways.settings),
        ([joincode.encode(code).encode()], _code),
    )
    return dict(zip(WAYS, rows, strict=True))


def play(folder: Path, count: int, seed: int, only: Iterable[str] = ()) -> dict[str, Played]:
    """Let every way in, or those named, hear `count` inputs each; return what came of them."""
    rng, played = Random(seed), {}
    with Station.open(made(folder)) as station:
        for name, (real, hear) in _table(_Ways(station, folder, rng)).items():
            if not only or name in only:
                played[name] = _play(hear, real, count, rng)
    return played


def _play(hear: Hear, real: list[bytes], count: int, rng: Random) -> Played:
    played = Played()
    tracemalloc.start()
    try:
        for _ in range(count):
            data = mutated(rng, real)
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            hear(data)
            peak = tracemalloc.get_traced_memory()[1] - before
            played.most_allocated_bytes = max(played.most_allocated_bytes, peak)
            played.inputs += 1
    finally:
        tracemalloc.stop()
    return played
