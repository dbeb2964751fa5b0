"""The wire held against its description, its vectors and implementations that are not ours."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

import support_vectors as vectors
from holub_crypto import cbor, charter, cose
from holub_crypto.identity import Identity, key_hint, verify
from holub_protocol import codec, frames
from holub_protocol.frames import FrameType
from holub_protocol.kinds import KINDS, Class, kind_named
from holub_protocol.kinds.sealed import SealedBody
from holub_protocol.limits import LIFETIME_STEPS_S
from holub_protocol.message import Message
from holub_protocol.refusal import Refusal
from holub_relay.discovery import beacon
from holub_relay.link import LinkKey, SecureLink

ROOT = Path(__file__).resolve().parents[1]
CDDL = ROOT / "docs" / "holub.cddl"
PAGE = (ROOT / "docs" / "wire.md").read_text("utf-8")
VECTORS: dict[str, Any] = json.loads(vectors.VECTORS.read_text("utf-8"))
REALM = bytes.fromhex(VECTORS["realm"])
OVERHEAD_BYTES = 98


def oracle(python: Path, script: str, *arguments: str, requests: object) -> list[Any]:
    """Ask a script in the environment of the independent implementations."""
    run = subprocess.run(
        [python, ROOT / "tests" / "oracles" / script, *arguments],
        input=json.dumps(requests), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    answers: list[Any] = json.loads(run.stdout)
    return answers


def table(heading: str) -> list[list[str]]:
    """Return the cells of the first table after a heading of docs/wire.md."""
    _, found, after = PAGE.partition(f"{heading}\n")
    assert found, f"no heading {heading!r}"
    lines = re.search(r"(?:^\|.*\n)+", after, re.M)
    assert lines, f"no table after {heading!r}"
    return [
        [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        for line in lines.group().splitlines()[2:]
    ]


# --- vectors ---------------------------------------------------------------------------------


def test_vectors_are_made_again_byte_for_byte() -> None:
    """Nothing on the wire changes without a change of the file of vectors."""
    assert vectors.build() == VECTORS


def test_every_kind_has_a_vector() -> None:
    """A kind is added together with its bytes."""
    assert {entry["kind"] for entry in VECTORS["messages"]} == set(KINDS)


@pytest.mark.parametrize("entry", VECTORS["messages"], ids=lambda e: str(e["name"]))
def test_messages_of_the_vectors(entry: dict[str, Any]) -> None:
    """Each decodes to its id and kind, and its signature is that of the key that it hints at."""
    raw, public = bytes.fromhex(entry["raw"]), bytes.fromhex(VECTORS["keys"][entry["signer"]][1])
    message = codec.decode(raw, REALM)
    assert isinstance(message, Message)
    assert (message.id.hex(), message.kind) == (entry["id"], entry["kind"])
    assert message.kid == key_hint(public)
    assert verify(public, message.content, message.raw[-64:])


@pytest.mark.parametrize("entry", VECTORS["refused"], ids=lambda e: str(e["name"]))
def test_refusals_of_the_vectors(entry: dict[str, Any]) -> None:
    """Each is refused, for the reason in the file."""
    outcome = codec.decode(bytes.fromhex(entry["raw"]), REALM)
    assert isinstance(outcome, Refusal)
    assert outcome.token == entry["refusal"]


@pytest.mark.parametrize("entry", VECTORS["frames"], ids=lambda e: str(e["name"]))
def test_frames_of_the_vectors(entry: dict[str, Any]) -> None:
    """Each decodes to a frame of its name that encodes to the same bytes."""
    frame = frames.decode(bytes.fromhex(entry["raw"]))
    assert frame is not None
    fields = cbor.decode(bytes.fromhex(entry["raw"]))
    assert isinstance(fields, tuple)
    assert FrameType[entry["name"].split(",")[0]] == fields[0]
    assert frames.encode(frame).hex() == entry["raw"]


def test_charters_of_the_vectors() -> None:
    """Charter 1 names the realm; charter 2 is signed by enough keys of both versions."""
    first, second = (charter.decode(bytes.fromhex(raw)) for raw in VECTORS["charters"])
    assert first.charter.content_id(b"") == REALM
    assert second.charter.previous == REALM
    assert len(first.signers(first.charter.roots, REALM)) == 1
    signers = second.signers((*first.charter.roots, *second.charter.roots), REALM)
    assert len(set(signers).intersection(first.charter.roots)) == 1
    assert len(set(signers).intersection(second.charter.roots)) == 2


# --- the size bar ----------------------------------------------------------------------------


def test_overhead_of_a_short_message() -> None:
    """A body of 120 bytes costs at most 98 bytes, all headers and the signature included."""
    body = SealedBody(bytes(8), bytes(108))
    body_bytes = len(cbor.encode(body.to_wire()))
    raw = codec.encode(
        vectors.key("relay"), REALM, kind_named("need"),
        created_s=vectors.CREATED_S, k=23, lifetime_s=7 * 86_400, area=99_999, body=body,
    )  # fmt: skip
    assert body_bytes == 120
    assert len(raw) - body_bytes <= OVERHEAD_BYTES


# --- CDDL -------------------------------------------------------------------------------------


def described() -> list[tuple[str, str]]:
    """Return (type, hex) of real items of every type that the CDDL file describes on its own."""
    identity = vectors.key("relay")
    entropy = iter(range(1, 99))
    ends = [
        SecureLink(
            initiator,
            LinkKey.make(vectors.key(name), REALM, lambda n: bytes([next(entropy)]) * n),
            lambda n: bytes([next(entropy)]) * n,
        )
        for initiator, name in ((True, "relay"), (False, "desk"))
    ]
    announcement = beacon.Announcement(identity.public, 4321, 1, 2**32 - 1, 250)
    return [
        *(("message", entry["raw"]) for entry in VECTORS["messages"]),
        *(("signed-charter", raw) for raw in VECTORS["charters"]),
        *(("frame", entry["raw"]) for entry in VECTORS["frames"]),
        *((entry["name"].split(",")[0].lower(), entry["raw"]) for entry in VECTORS["frames"]),
        ("beacon", beacon.encode(announcement, identity, REALM).hex()),
        *(("introduction", end._introduction().hex()) for end in ends),
    ]


def longer(item: str) -> str:
    """Return an array with one more element, 0, at the end."""
    fields = cbor.decode(bytes.fromhex(item))
    assert isinstance(fields, tuple)
    return cbor.encode((*fields, 0)).hex()


@pytest.mark.slow
def test_cddl_describes_the_wire(oracle_python: Path) -> None:
    """zcbor finds every real message, charter, frame and packet to be as docs/holub.cddl says,
    and finds none of them so with one element more."""
    items = described()
    answers = oracle(oracle_python, "cddl_oracle.py", str(CDDL), requests=items)
    wrong = [(*item, why) for item, why in zip(items, answers, strict=True) if why is not None]
    assert not wrong
    plain = [(n, longer(item)) for n, item in items if n not in ("message", "signed-charter")]
    answers = oracle(oracle_python, "cddl_oracle.py", str(CDDL), requests=plain)
    assert [item for item, why in zip(plain, answers, strict=True) if why is None] == []


SEEN_BY_CDDL = (
    "unprotected header not empty",
    "algorithm -8",
    "a float",
    "a map",
    "five fields",
    "k above 4095",
    "no such lifetime step",
    "hazard 0",
    "unknown kind 99",
)


@pytest.mark.slow
def test_cddl_refuses_what_we_refuse(oracle_python: Path) -> None:
    """What is refused for its shape does not fit the description either."""
    items = [("message", e["raw"]) for e in VECTORS["refused"] if e["name"] in SEEN_BY_CDDL]
    assert len(items) == len(SEEN_BY_CDDL)
    answers = oracle(oracle_python, "cddl_oracle.py", str(CDDL), requests=items)
    assert [item for item, why in zip(items, answers, strict=True) if why is None] == []


# --- COSE -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_cwt_accepts_our_messages(oracle_python: Path) -> None:
    """An independent COSE library verifies every message and each signature of the charters,
    and gives back the payload; under another realm it verifies none."""
    entries = VECTORS["messages"]
    publics = [VECTORS["keys"][entry["signer"]][1] for entry in entries]
    payloads = [cose.read_sign1(bytes.fromhex(entry["raw"])).payload.hex() for entry in entries]

    def ask(realm_id: bytes) -> list[object]:
        external = codec.external(realm_id).hex()
        return [
            ["verify", 18, entry["raw"], public, key_hint(bytes.fromhex(public)).hex(), external]
            for entry, public in zip(entries, publics, strict=True)
        ]

    assert oracle(oracle_python, "cose_oracle.py", requests=ask(REALM)) == payloads
    elsewhere = oracle(oracle_python, "cose_oracle.py", requests=ask(bytes(32)))
    assert all("VerifyError" in answer for answer in elsewhere)


@pytest.mark.slow
def test_cwt_accepts_our_charters(oracle_python: Path) -> None:
    """An independent COSE library verifies each signature of both charters by its own key."""
    requests, payloads = [], []
    for raw, signers in zip(VECTORS["charters"], (("root",), ("root", "root 2")), strict=True):
        signed = charter.decode(bytes.fromhex(raw))
        for name in signers:
            public = VECTORS["keys"][name][1]
            hint = key_hint(bytes.fromhex(public)).hex()
            external = signed.charter.external(REALM).hex()
            requests.append(["verify", 98, raw, public, hint, external])
            payloads.append(signed.charter.payload().hex())
    assert oracle(oracle_python, "cose_oracle.py", requests=requests) == payloads


@pytest.mark.slow
def test_we_accept_what_cwt_signs(oracle_python: Path) -> None:
    """Messages and charters made by an independent COSE library are ours byte for byte, since
    Ed25519 has one signature, and so decode and verify."""
    requests, ours = [], []
    for entry in VECTORS["messages"]:
        payload = cose.read_sign1(bytes.fromhex(entry["raw"])).payload
        requests.append(signing("sign1", entry["signer"], codec.external(REALM), payload))
        ours.append(entry["raw"])
    first = charter.decode(bytes.fromhex(VECTORS["charters"][0]))
    external = first.charter.external(REALM)
    requests.append(signing("sign", "root", external, first.charter.payload()))
    ours.append(VECTORS["charters"][0])
    assert oracle(oracle_python, "cose_oracle.py", requests=requests) == ours


def signing(how: str, name: str, external: bytes, payload: bytes) -> list[str]:
    """Return the request for a signature by a key of the vectors."""
    identity: Identity = vectors.key(name)
    parts = (identity.seed, identity.public, key_hint(identity.public), external, payload)
    return [how, *(part.hex() for part in parts)]


# --- the page -----------------------------------------------------------------------------------


def test_page_numbers_the_frames() -> None:
    """docs/wire.md gives every frame type its number."""
    found = {row[1]: int(row[0]) for row in table("### Frame types")}
    assert found == {frame.name: frame.value for frame in FrameType}


def test_page_numbers_the_refusals() -> None:
    """docs/wire.md gives every refusal its number and token."""
    found = {row[1]: int(row[0]) for row in table("### Refusals")}
    assert found == {refusal.token: refusal.value for refusal in Refusal}


def test_page_lists_the_lifetimes() -> None:
    """docs/wire.md gives every lifetime step its seconds."""
    found = {int(row[0]): int(row[1].replace(",", "")) for row in table("### Lifetime steps")}
    assert found == dict(enumerate(LIFETIME_STEPS_S))


def test_page_lists_the_kinds() -> None:
    """docs/wire.md gives every kind the number, class, caps and size of its row."""
    found = {
        int(number): (name, cls, group, signer, int(days), int(size.replace(",", "")), int(hourly))
        for number, name, cls, group, signer, days, size, hourly in (
            [cell.replace(" h", "") for cell in row] for row in table("### Kinds")
        )
    }
    assert found == {
        kind.number: (
            kind.name, kind.cls.name, kind.group, kind.signer.value,
            kind.lifetime_max_s // 3600, kind.size_max_bytes, kind.hourly,
        )
        for kind in KINDS.values()
    }  # fmt: skip


def test_page_numbers_the_classes() -> None:
    """docs/wire.md gives every class its number."""
    assert {row[1]: int(row[0]) for row in table("### Classes")} == {c.name: c.value for c in Class}
