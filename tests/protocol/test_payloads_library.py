"""What is held of payloads: proved in, proved out, and counted."""

from dataclasses import replace

import pytest

from holub_protocol.message import Opaque
from holub_protocol.payloads.layout import Layout, cut
from holub_protocol.payloads.library import Library, Outcome, Payload, room_bytes
from holub_protocol.policy import Policy
from holub_protocol.storage import State
from support_payload import DAY_S, announced, content, desk_realm, hold, manifest
from support_realm import KYIV, START_S, Box, key, now_at

SIZE = 70_000
DATA = content(SIZE)
CHUNKS = cut(DATA)[1]


@pytest.fixture
def box() -> Box:
    """A node that knows the desk."""
    realm, grant = desk_realm()
    box = Box(realm, "a")
    box.node.offer(grant, now_at(0))
    box.flush(0)
    return box


def begun(box: Box) -> tuple[Library, Payload]:
    """Take in the manifest only."""
    id_ = box.node.offer(announced(box.realm, DATA), now_at(0))
    assert isinstance(id_, bytes)
    payload = box.node.library.get(id_)
    assert payload is not None
    return box.node.library, payload


def test_only_what_the_manifest_lists_is_taken(box: Box) -> None:
    """Content waits for its list; a wrong chunk is told apart; a right one is taken once."""
    library, payload = begun(box)
    lists = payload.layout.lists
    assert library.put(payload, lists, CHUNKS[lists]) is Outcome.UNPROVED
    assert library.put(payload, 0, CHUNKS[1]) is Outcome.WRONG
    assert library.put(payload, 0, CHUNKS[0]) is Outcome.TAKEN
    assert library.put(payload, 0, CHUNKS[0]) is Outcome.KNOWN
    assert library.put(payload, lists, CHUNKS[lists + 1]) is Outcome.WRONG
    assert library.put(payload, lists, CHUNKS[lists]) is Outcome.TAKEN
    assert payload.held == 1 | 1 << lists


def test_what_can_be_proved_grows_with_the_lists(box: Box) -> None:
    """At first the lists, then also the 64 chunks of the list that came."""
    library, payload = begun(box)
    assert payload.provable == payload.layout.listing == 0b11
    library.put(payload, 0, CHUNKS[0])
    assert payload.provable == 0b10 | payload.layout.proved_by(0)
    library.put(payload, 1, CHUNKS[1])
    assert payload.provable == payload.missing


def test_a_damaged_chunk_is_missing_from_then_on(box: Box) -> None:
    """A chunk is hashed whenever it is read: a flipped bit costs that one, and a lost list keeps
    what it proves unread, but held."""
    id_ = hold(box, DATA)
    library = box.node.library
    payload = library.get(id_)
    assert payload is not None
    box.store._chunks[id_][9] = bytes(len(CHUNKS[9]))
    assert library.read(id_, 9) is None
    assert payload.missing == 1 << 9
    assert library.damaged == 1
    assert library.read(id_, 10) == CHUNKS[10]
    fresh = Box(box.realm, "a", store=box.store).node.library
    del box.store._chunks[id_][0]
    assert fresh.read(id_, 0) is None
    assert fresh.read(id_, 10) is None
    assert fresh.damaged == 1


def test_a_restart_finds_what_was_committed(box: Box) -> None:
    """The places come from the store; content is read from there, nothing stays in memory."""
    id_ = hold(box, DATA)
    again = Box(box.realm, "a", store=box.store.clone())
    payload = again.node.library.get(id_)
    assert payload is not None
    assert not payload.missing
    assert again.node.library.read(id_, 20) == CHUNKS[20]


def test_a_payload_counts_for_store_and_signer_and_goes_whole(box: Box) -> None:
    """Room for all of it is taken at once; when its manifest goes, so does every chunk."""
    before = box.node.holdings.used_bytes
    library, payload = begun(box)
    need = room_bytes(payload.layout)
    holdings, signer = box.node.holdings, key("desk").public
    assert library.used_bytes == need
    assert holdings.used_bytes - before > need
    assert need < holdings.signer_bytes(signer) < need + 1500
    other = content(50_000, "other")
    id_ = hold(box, other, lifetime_s=3600)
    assert len(box.store.places(id_)) == len(cut(other)[1])
    box.node.wake(now_at(3601))
    box.flush(3601)
    assert library.get(id_) is None
    assert box.store.places(id_) == ()
    assert library.used_bytes == need
    assert need < holdings.signer_bytes(signer) < need + 1500


def test_shares_of_the_store(box: Box) -> None:
    """Payloads may take half of what their signer may: what is beyond that stays announced, is
    not fetched, and is once there is room."""
    small = Box(box.realm, "s", policy=Policy(store_bytes=16 << 20))
    small.node.offer(box.realm.grant(key("desk").public), now_at(0))
    lifetimes_s = (3600, DAY_S, DAY_S, DAY_S, DAY_S)
    for number, lifetime_s in enumerate(lifetimes_s):
        raw = announced(box.realm, content(1 << 20, str(number)), lifetime_s)
        assert isinstance(small.node.offer(raw, now_at(0)), bytes)
    most = (16 << 20) // 4 // room_bytes(Layout(1 << 20))
    assert 0 < most < len(lifetimes_s)
    wanted = [payload.wanted for payload in small.node.library]
    assert wanted == [True] * most + [False] * (len(lifetimes_s) - most)
    small.node.wake(now_at(3601))
    assert [payload.wanted for payload in small.node.library].count(True) == most


def test_the_next_version_replaces_the_one_before(box: Box) -> None:
    """A signer's next manifest of the same name takes its place, and its chunks go."""
    old = hold(box, DATA)
    body = replace(manifest(content(1000)), name=manifest_name(box, old))
    raw = box.realm.message(key("desk"), "manifest", body, created_s=START_S + 1)
    new = box.node.offer(raw, now_at(2))
    box.flush(2)
    assert [payload.id for payload in box.node.library] == [new]
    assert box.store.places(old) == ()


def manifest_name(box: Box, id_: bytes) -> str:
    """Return the name that a held manifest gives."""
    payload = box.node.library.get(id_)
    assert payload is not None
    return payload.body.name


def test_an_urgent_message_evicts_a_payload_whole() -> None:
    """A full store makes room for an official notice at the cost of bulk: a payload goes with all
    its chunks, and its manifest is asked for anew once there is room."""
    realm, grant = desk_realm()
    box = Box(realm, "a", policy=Policy(store_bytes=16 << 20))
    box.node.offer(grant, now_at(0))
    box.node.offer(realm.grant(key("other desk").public, authority=2), now_at(0))
    first = hold(box, content(1_300_000, "first"))
    box.node.holdings.quota_bytes = box.node.holdings.used_bytes + 1000
    notice = realm.message(
        key("other desk"), "bulletin", Opaque((bytes(3900),)), area=KYIV, lifetime_s=7 * DAY_S
    )
    assert isinstance(box.node.offer(notice, now_at(0)), bytes)
    box.flush(0)
    assert box.node.library.get(first) is None
    assert box.node.library.used_bytes == 0
    assert box.node.holdings.state(first) is State.EVICTED
    assert box.store.places(first) == ()
