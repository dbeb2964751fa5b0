"""The test vectors of docs/wire.md: made from fixed seeds, so that anybody can make them again.

`.venv/bin/python tests/support_vectors.py` writes tests/vectors/messages.json anew. It is run
when a kind is added; an entry that is there already never changes.
"""

import json
from pathlib import Path
from typing import TypeAlias

from holub_crypto import cbor, cose
from holub_crypto.chains import Grant, Revocation
from holub_crypto.charter import Authority, Charter, fingerprint
from holub_crypto.digest import derive
from holub_crypto.identity import Identity, key_hint
from holub_protocol import codec, frames
from holub_protocol.kinds import KINDS, Body, Class, Readers, kind_named
from holub_protocol.kinds.alert import AlertBody, Certainty, Verb
from holub_protocol.kinds.board import BoardBody, Cover, Listed
from holub_protocol.kinds.endorse import EndorseBody
from holub_protocol.kinds.grant import GrantBody
from holub_protocol.kinds.proof import ProofBody
from holub_protocol.kinds.receipt import receipt_of
from holub_protocol.kinds.revoke import RevokeBody
from holub_protocol.kinds.sealed import SealedBody
from holub_protocol.kinds.trustboard import TrustBoardBody, revocations_digest
from holub_protocol.message import Message, Opaque
from holub_protocol.order import Order, sort_key
from holub_protocol.payloads import bitmap
from holub_protocol.reconcile import RootSum, session_salt, short_id
from support_payload import content, manifest

VECTORS = Path(__file__).resolve().parent / "vectors" / "messages.json"
CREATED_S = 1_661_300_000
KYIV, PECHERSK = 93317, 24772
HOUR_S, DAY_S, YEAR_S = 3600, 86_400, 365 * 86_400
MADE = (
    "alert",
    "board",
    "grant",
    "revoke",
    "trust-board",
    "proof",
    "endorse",
    "receipt",
    "manifest",
)

Entry: TypeAlias = dict[str, object]


def key(name: str) -> Identity:
    """Return the key whose seed is derived from a name, as docs/wire.md says."""
    return Identity.from_seed(derive("test vector", name.encode()))


def charters() -> tuple[bytes, bytes, bytes]:
    """Return the realm's id, charter 1 by one root key, and charter 2 by two of three."""
    root, second, third = key("root"), key("root 2"), key("root 3")
    registrar = key("registrar")
    first = Charter(
        name="Vectors",
        version=1,
        created_s=CREATED_S - DAY_S,
        previous=b"",
        threshold=1,
        roots=(root.public,),
        registrars=(registrar.public,),
        authorities=(Authority(1, 0, "Місто", "City", (KYIV,), (0,)),),
        registry=bytes(range(32)),
    )
    realm_id = first.content_id(b"")
    later = Charter(
        name="Vectors",
        version=2,
        created_s=CREATED_S,
        previous=realm_id,
        threshold=2,
        roots=tuple(sorted((root.public, second.public, third.public))),
        registrars=(registrar.public,),
        authorities=first.authorities,
        registry=first.registry,
        revoked=(key("stolen").public,),
    )
    return realm_id, first.sign((root,)), later.sign((root, second), realm_id)


def bodies(realm_id: bytes) -> dict[str, tuple[str, int, int, Body]]:
    """Return name -> (signer, k, area, body) of the messages to make, one a kind at least."""
    desk, spare = key("desk"), key("spare desk")
    incident = bytes.fromhex("0123456789abcdef")
    grant = Grant(desk.public, 1, (5, 6), (0,), (KYIV,), Class.ALERT, 1000, CREATED_S + YEAR_S)
    texts = (("en", "Go to the shelter"), ("uk", "Йдіть в укриття"))
    word = Listed(CREATED_S - 60, 3, b"", 200, incident, (PECHERSK, KYIV))
    told = Listed(CREATED_S - 9, 0, key_hint(spare.public), 201, incident, (KYIV,))
    cover = Cover(key_hint(spare.public), CREATED_S - 9, 1)
    made: dict[str, tuple[str, int, int, Body]] = {
        "grant to a desk": ("registrar", 0, 0, GrantBody(grant)),
        "alert, shortest": ("desk", 0, KYIV, AlertBody(Verb.START, (), 200)),
        "alert, every field": (
            "desk", 1, KYIV,
            AlertBody(Verb.UPDATE, (PECHERSK,), 200, (incident,), 7, (3, 1), Certainty.LIKELY,
                      texts, bytes(range(32))),
        ),
        "clear": ("desk", 2, KYIV, AlertBody(Verb.CLEAR, (), 200, (incident,))),
        "board, quiet": ("desk", 3, KYIV, BoardBody(330)),
        "board with words": ("desk", 4, KYIV, BoardBody(330, (cover,), (word, told))),
        "manifest": ("desk", 0, KYIV, manifest(content(70_000), "Shelters")),
        "board of bitmaps": ("desk", 5, KYIV, BoardBody(330, (), (), ((200, b"\x80\x01"),))),
        "endorse": ("desk", 6, KYIV, EndorseBody(bytes(range(16)))),
        "revoke": ("registrar", 0, 0, RevokeBody(
            Revocation(desk.public, CREATED_S - 60, 3, (bytes(16), bytes(range(16)))))),
        "trust-board": ("registrar", 0, 0, TrustBoardBody(
            2, 1, revocations_digest((bytes(32),)), HOUR_S)),
        "proof": ("relay", 0, 0, ProofBody.of(*(
            codec.encode(desk, realm_id, kind_named("alert"), created_s=CREATED_S, k=9,
                         lifetime_s=HOUR_S, area=area, body=AlertBody(Verb.START, (), 200))
            for area in (KYIV, PECHERSK)))),
        "receipt": ("relay", 0, KYIV, receipt_of((bytes(range(32)), bytes(32)))),
    }  # fmt: skip
    for number, kind in KINDS.items():
        if kind.name not in MADE:
            signer = "registrar" if kind.signer.value == "registrar" else "relay"
            body: Body = Opaque((number, "текст", b"\x00", None))
            if kind.readers is Readers.SEALED:
                body = SealedBody(bytes(range(8)), bytes(range(112)))
            made[kind.name] = (signer, number % 4, KYIV, body)
    return made


def messages(realm_id: bytes) -> list[Entry]:
    """Return one entry for each of `bodies`."""
    entries: list[Entry] = []
    names = {"alert": "alert", "clear": "alert", "board": "board", "grant": "grant"}
    for name, (signer, k, area, body) in bodies(realm_id).items():
        kind = kind_named(names.get(name.split(",")[0].split()[0], name))
        raw = codec.encode(
            key(signer), realm_id, kind,
            created_s=CREATED_S, k=k, lifetime_s=HOUR_S, area=area, body=body,
        )  # fmt: skip
        message = codec.decode(raw, realm_id)
        assert isinstance(message, Message)
        entries.append({"name": name, "kind": kind.number, "signer": signer, "raw": raw.hex(),
                        "id": message.id.hex()})  # fmt: skip
    return entries


def refused(realm_id: bytes) -> list[Entry]:
    """Return bytes that are no message, each wrong in one way, with the refusal's token."""
    desk = key("desk")
    good = codec.encode(
        desk, realm_id, kind_named("alert"), created_s=CREATED_S, k=0, lifetime_s=HOUR_S,
        area=KYIV, body=AlertBody(Verb.START, (), 200),
    )  # fmt: skip

    def of(*payload: cbor.Value) -> bytes:
        return cose.sign1(desk, codec.external(realm_id), cbor.encode(payload))

    def raw_payload(payload: bytes) -> bytes:
        return cose.sign1(desk, codec.external(realm_id), payload)

    start: cbor.Value = (0, (), 200)
    step = 4
    plain = cbor.encode((5, CREATED_S, 0, step, KYIV, start))
    made = {
        "empty": (b"", "malformed"),
        "cut short by one byte": (good[:-1], "malformed"),
        "a byte after the end": (good + b"\0", "malformed"),
        "tagged 18": (b"\xd2" + good, "malformed"),
        "unprotected header not empty": (
            good[:15] + b"\xa1\x01\x26" + good[16:], "malformed"),
        "algorithm -8": (good.replace(b"\xa2\x01\x32", b"\xa2\x01\x27", 1), "malformed"),
        "long form of an integer": (
            raw_payload(plain[:1] + b"\x18\x05" + plain[2:]), "malformed"),
        "array of indefinite length": (
            raw_payload(b"\x9f" + plain[1:] + b"\xff"), "malformed"),
        "a tagged integer": (raw_payload(plain[:1] + b"\xc1" + plain[1:]), "malformed"),
        "a float": (raw_payload(plain[:1] + b"\xf9\x45\x00" + plain[2:]), "malformed"),
        "a map": (raw_payload(plain.replace(b"\x83\x00\x80", b"\x83\x00\xa0", 1)), "malformed"),
        "nested too deep": (raw_payload(b"\x81" * 9 + b"\x00"), "malformed"),
        "five fields": (of(5, CREATED_S, 0, step, KYIV), "malformed"),
        "before 2020": (of(5, 1, 0, step, KYIV, start), "malformed"),
        "k above 4095": (of(5, CREATED_S, 4096, step, KYIV, start), "malformed"),
        "no such lifetime step": (of(5, CREATED_S, 0, 18, KYIV, start), "malformed"),
        "hazard 0": (of(5, CREATED_S, 0, step, KYIV, (0, (), 0)), "malformed"),
        "a default that is sent": (of(5, CREATED_S, 0, step, KYIV, (0, (), 200, ())), "malformed"),
        "unknown kind 99": (of(99, CREATED_S, 0, step, KYIV, ()), "unknown-kind"),
        "an alert for 30 days": (of(5, CREATED_S, 0, 13, KYIV, start), "lifetime"),
        "an alert above 1 KiB": (
            of(5, CREATED_S, 0, step, KYIV,
               (0, (), 200, (), 0, (), 0, (("uk", "x" * 1000),))), "oversize"),
        "above 4 KiB": (of(9, CREATED_S, 0, step, KYIV, (bytes(4096),)), "oversize"),
    }  # fmt: skip
    return [
        {"name": name, "raw": raw.hex(), "refusal": token} for name, (raw, token) in made.items()
    ]


def frame_entries(realm_id: bytes) -> list[Entry]:
    """Return one entry for each frame, with the session's salt behind the short ids."""
    nonces = bytes(range(16)), bytes(range(16, 32))
    salt = session_salt(*nonces)
    short = short_id(salt, realm_id)
    root = RootSum()
    root.add(realm_id)
    low = bytes.fromhex("62000000")
    parts = (
        frames.Skip(bytes.fromhex("63050000")),
        frames.Fingerprint(bytes.fromhex("63050e1000ff"), bytes(6)),
        frames.IdList(b"", short),
    )
    met = (
        frames.PeerAddress(bytes((192, 0, 2, 7)), 24_658, key("relay").public),
        frames.PeerAddress(bytes.fromhex("20010db8" + "00" * 11 + "07"), 7447, key("desk").public),
    )
    made: dict[str, frames.Frame] = {
        "HELLO": frames.Hello(1, nonces[0], 4096, 65_536, 1),
        "ROOT": frames.Root(True, ((Class.TRUST, 1, root.fingerprint(salt)),)),
        "RANGE": frames.Range(Class.PEOPLE, low, parts),
        "WANT": frames.Want(Class.PEOPLE, (short,)),
        "WANT, listed": frames.WantListed(Class.PEOPLE, low, b"\x80"),
        "PUT": frames.Put(short, 61, 100, 0, bytes(range(100))),
        "PUT, a piece": frames.Put(short, 61, 200, 100, bytes(range(100))),
        "NEED": frames.Need((key_hint(key("desk").public),)),
        "IHAVE": frames.IHave(Class.PEOPLE, (short,)),
        "REFUSE": frames.Refuse(short, 6),
        "CHUNK": frames.Chunk(short, 3, 400, bytes(range(100))),
        "HAVE": frames.Have(short, bitmap.encode((1 << 40) - 1 << 16, 1040)),
        "FETCH": frames.Fetch(short, 400, (3, 700, 16)),
        "CREDIT": frames.Credit(16_384),
        "BYE": frames.Bye(1, 0),
        "PEERS": frames.Peers(tuple(sorted(met, key=lambda peer: peer.key))),
    }
    return [{"name": name, "raw": frames.encode(frame).hex()} for name, frame in made.items()]


def build() -> Entry:
    """Return everything in the file of vectors."""
    realm_id, first, second = charters()
    names = ("root", "root 2", "root 3", "registrar", "desk", "spare desk", "relay", "stolen")
    return {
        "realm": realm_id.hex(),
        "fingerprint": fingerprint(realm_id, realm_id),
        "keys": {name: [key(name).seed.hex(), key(name).public.hex()] for name in names},
        "charters": [first.hex(), second.hex()],
        "messages": messages(realm_id),
        "refused": refused(realm_id),
        "session": {
            "nonces": [bytes(range(16)).hex(), bytes(range(16, 32)).hex()],
            "salt": session_salt(bytes(range(16)), bytes(range(16, 32))).hex(),
            "short id of the realm id": short_id(
                session_salt(bytes(range(16)), bytes(range(16, 32))), realm_id
            ).hex(),
            "fingerprint of the realm id at 0 s": Order([sort_key(0, realm_id)])
            .fingerprint(session_salt(bytes(range(16)), bytes(range(16, 32))), 0, 1)
            .hex(),
        },
        "frames": frame_entries(realm_id),
    }


if __name__ == "__main__":
    VECTORS.write_text(json.dumps(build(), indent=1, ensure_ascii=False) + "\n", "utf-8")
