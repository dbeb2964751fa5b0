"""Every way in for what others wrote, fed with real inputs that were broken: by a test, and a
million times by bench/fuzz.py. What a way documents as its answer to junk is caught here, and
nothing else."""

import json
import os
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from random import Random
from shutil import rmtree
from typing import Final

from holub_crypto import charter, cose
from holub_protocol import bundle, codec, frames
from holub_protocol.framing import frame_bytes
from holub_protocol.kinds import KINDS
from holub_relay import api, requests
from holub_relay.station import Station
from support_broken import mutated, other_json, other_toml
from support_fuzz import Fuzz, Gauge
from support_realm import KYIV, START_S, Box, Realm, key, now_at
from support_relay import made
from support_strangers import SETTINGS, Strangers, hear_code, sealed_code
from support_vectors import VECTORS, bodies

ANEW: Final = 2000
"""Inputs after which a node or relay begins anew, lest it grow full of what was good by chance."""

WAYS: Final = (
    "frame", "message", "signed message", "charter", "signed charter", "signed grant", "bundle",
    "sealed bundle", "request", "beacon", "signed beacon", "handshake", "sealed handshake", "mdns",
    "config", "join code", "sealed join code", "ceremony",
)  # fmt: skip

Hear = Callable[[bytes], None]
Break = Callable[[Random, list[bytes]], bytes]
Way = tuple[list[bytes], Hear] | tuple[list[bytes], Hear, Break]

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
    {"do": "others"}, {"do": "vouch"}, {"do": "join-code"}, {"do": "export"},
    {"do": "sealing-key", "to": "ab" * 8}, {"do": "export", "after": 0, "until": 9},
    {"do": "export", "ids": ["cd" * 32]}, {"do": "import", "records": [["00" * 90, 60]]},
    {"do": "payload-send", "name": "Мапа", "media_type": "image/png", "area": str(KYIV),
     "lifetime_s": 86_400, "bytes": 3, "lists": "ab" * 11 + "==", "confirm": True},
    {"do": "payload-put", "id": "cd" * 32, "first": 0, "chunks": ["YWJj"]},
    {"do": "payload", "id": "cd" * 32, "wanted": True},
    {"do": "payload-read", "id": "cd" * 32, "first": 0},
)  # fmt: skip


class _Ways:
    """The ways that need a node of a realm, or a relay."""

    def __init__(self, folder: Path, rng: Random) -> None:
        self.realm, self.desk = Realm(), key("desk")
        self.later = charter.decode(self.charters()[1]).charter
        self.rng, self.folder = rng, folder
        self.station = self._station()
        self.count, self.link = 0, 0
        self.box = self._box()

    def _box(self) -> Box:
        box = Box(self.realm, "node")
        box.node.offer(self.realm.grant(self.desk.public, depth=2), now_at(1))
        box.flush(1)
        self.link = 0
        return box

    def _station(self) -> Station:
        return Station.open(made(self.folder / "relay"))

    def close(self) -> None:
        """Let the relay's directory go."""
        self.station.close()
        rmtree(self.folder / "relay")

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
        if self.link not in node._sessions:
            self.link += 1
            node.link_up(self.link, key("peer").public, now_at(at_s))
            hello = frames.Hello(1, os.urandom(16), 4096, 65_536, 1)
            node.receive(self.link, frame_bytes(frames.encode(hello)), now_at(at_s))
        node.receive(self.link, frame_bytes(data), now_at(at_s))
        self.box.flush(at_s)

    def file(self, data: bytes) -> None:
        """Import a file in pieces; what it holds is offered."""
        self._turn()
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
        self.count += 1
        if self.count % ANEW == 0:
            self.close()
            self.station = self._station()
        request = api.read(line)
        if not isinstance(request, str):
            json.dumps(requests.handle(self.station, request), ensure_ascii=False).encode()
            self.station.settle()


def _payload(raw: bytes) -> bytes:
    return cose.read_sign1(raw).payload


def _file(messages: Iterable[bytes]) -> bytes:
    records = [bundle.encode(raw, 60) for raw in messages]
    return b"".join(records) + bundle.end(len(records))


def _sealed_file(rng: Random, real: list[bytes]) -> bytes:
    """Break what the records of a file hold, and give them their right checksums."""
    return _file(raw for raw in (mutated(rng, real) for _ in range(3)) if raw)


def _table(ways: _Ways, strangers: Strangers) -> dict[str, Way]:
    messages, charters = ways.messages(), ways.charters()
    grants = [ways.realm.grant(key("other").public, areas=(KYIV,), hazards=(1,)),
              ways.realm.revoke(key("other").public)]  # fmt: skip
    plain = [charter.decode(raw).charter.payload() for raw in charters]
    rows: tuple[Way, ...] = (
        (Fuzz(seed=1).real, ways.frame),
        (messages, ways.offer),
        ([_payload(raw) for raw in messages], ways.signed),
        (charters, ways.offer),
        (plain, ways.charter),
        ([_payload(raw) for raw in grants], ways.signed),
        ([_file([*charters, *messages[:3]])], ways.file),
        ([*charters, *messages], ways.file, _sealed_file),
        ([json.dumps(one).encode() for one in _REQUESTS], ways.request, other_json),
        (strangers.beacons(), strangers.beacon),
        (strangers.announcements(), strangers.announcement),
        ([_call(32), _call(48)], strangers.handshake),
        (strangers.introductions(), strangers.introduction),
        (strangers.neighbours(), strangers.neighbour),
        ([SETTINGS], strangers.settings, other_toml),
        (strangers.codes(), hear_code),
        (strangers.code_contents(), hear_code, sealed_code),
        (strangers.ceremonies(), strangers.ceremony),
    )
    return dict(zip(WAYS, rows, strict=True))


def _call(size: int) -> bytes:
    return size.to_bytes(2, "big") + os.urandom(size)


def play(folder: Path, count: int, seed: int, only: Iterable[str] = ()) -> dict[str, Gauge]:
    """Let every way in, or those named, hear `count` inputs each; return what came of them."""
    rng = Random(seed)
    played: dict[str, Gauge] = {}
    with closing(_Ways(folder, rng)) as ways:
        table = _table(ways, Strangers(ways.realm, folder))
        for name, (real, hear, *how) in table.items():
            if not only or name in only:
                break_ = how[0] if how else mutated
                gauge = played[name] = Gauge()
                with closing(gauge):
                    for _ in range(count):
                        gauge.hear(hear, break_(rng, real))
    return played
