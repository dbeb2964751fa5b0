"""Requests about sealed messages: what the relay tells of them, and what it refuses."""

from pathlib import Path

import pytest

from holub_crypto.identity import key_hint
from holub_crypto.sealing import BOX_BYTES_MIN
from holub_relay.errors import Exit
from holub_relay.mail import boxes, post, sealing_key
from holub_relay.requests import handle
from holub_relay.station import Station
from support_realm import key
from support_relay import made, ok

SERVICE, SEALING, NEWER = key("service"), key("sealing"), key("newer sealing")
HINT = key_hint(SERVICE.public).hex()
BOX = bytes(range(BOX_BYTES_MIN)).hex()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A realm in which a service has a grant with a key to seal to, and later one with another."""
    folder = made(tmp_path)
    for sealing, days in ((SEALING, "100"), (NEWER, "200")):
        ok("realm", "grant", "--data", folder, "--desk", "--subject", SERVICE.public.hex(),
           "--sealing", sealing.public.hex(), "--days", days)  # fmt: skip
    return folder


def test_the_key_to_seal_to(data: Path) -> None:
    """It is asked for by the service's key or hint; a newer grant's key follows an older's."""
    with Station.open(data) as station:
        for to in (SERVICE.public.hex(), HINT):
            found = sealing_key(station, {"to": to})
            assert found == {"service": HINT, "key": NEWER.public.hex()}
        stranger = handle(station, {"do": "sealing-key", "to": key("stranger").public.hex()})
        assert stranger["code"] == Exit.NOT_FOUND
        for junk in ("zz", "00", None, 5):
            assert "error" in handle(station, {"do": "sealing-key", "to": junk})


def test_a_box_is_published_and_found(data: Path) -> None:
    """By its service, newest first; another service's is not told."""
    with Station.open(data) as station:
        request = {"kind": "need", "service": HINT, "box": BOX}
        first, second = (post(station, request)["id"] for _ in range(2))
        found = boxes(station, {"services": [HINT]})["boxes"]
        assert sorted(row["id"] for row in found) == sorted((first, second))
        assert {(row["kind"], row["box"]) for row in found} == {("need", BOX)}
        assert boxes(station, {"services": [key_hint(NEWER.public).hex()]})["boxes"] == []
        assert boxes(station, {})["boxes"] == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "alert"}, "no sealed kind"),
        ({"kind": None}, "no sealed kind"),
        ({"box": "zz"}, "not hexadecimal"),
        ({"box": "00"}, "refused"),
        ({"service": "00"}, "is no service"),
        ({"lifetime_s": 10**9}, "lives 1 to"),
        ({"lifetime_s": "day"}, "lives 1 to"),
        ({"area": "77777777"}, "77777777"),
    ],
)
def test_what_is_no_box(data: Path, changes: dict[str, object], said: str) -> None:
    """Each wrong value is named, and nothing is published."""
    with Station.open(data) as station:
        before = len(station.node.holdings)
        request = {"do": "post", "kind": "need", "service": HINT, "box": BOX, **changes}
        assert said in handle(station, request)["error"]
        assert len(station.node.holdings) == before
