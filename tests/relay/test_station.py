"""The open data directory: one at a time, closed to others, the same after a restart."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from holub_protocol.kinds import kind_named
from holub_protocol.kinds.alert import AlertBody, Verb
from holub_protocol.storage import MemoryStore, Row, State, Writes
from holub_relay.errors import Exit, OperatorError
from holub_relay.station import Overlay, Station, held_ids, read_charter, read_trust
from support_realm import Realm, key
from support_relay import KYIV, joined, made


def test_what_was_published_is_there_after_reopening(tmp_path: Path) -> None:
    """An alert that was settled is held, and still holds, when the directory is opened again."""
    data = made(tmp_path)
    with Station.open(data) as station:
        body = AlertBody(Verb.START, (), 1)
        desk = station.desk_key().public
        now = station.now()
        message = station.node.publish(desk, kind_named("alert"), KYIV, body, 3600, now)
        station.settle(wake=True)
    with Station.open(data) as station:
        assert station.node.body(message.id) == message.raw
        assert [view.area for view in station.node.truth.alerts(station.now())] == [KYIV]
        assert len(station.node.truth.newest_boards(1)) == 1
        second = station.node.publish(desk, kind_named("alert"), KYIV, body, 3600, now)
        assert second.point > message.point


def test_only_one_process_opens_it(tmp_path: Path) -> None:
    """A second opening is told who is in the way, with the exit code for that."""
    data = made(tmp_path)
    with Station.open(data), pytest.raises(OperatorError, match="in use by process") as error:
        Station.open(data)
    assert error.value.code is Exit.BUSY


def test_a_directory_open_to_others_is_refused(tmp_path: Path) -> None:
    """The socket and the keys are safe only in a directory that is the owner's."""
    data = made(tmp_path)
    data.chmod(0o755)
    with pytest.raises(OperatorError, match="chmod 700"):
        Station.open(data)


def test_a_directory_without_a_realm_says_what_to_do(tmp_path: Path) -> None:
    """No charter means: init first."""
    with pytest.raises(OperatorError, match="holub init") as error:
        Station.open(tmp_path)
    assert error.value.code is Exit.NOT_FOUND


@pytest.mark.parametrize("content", [b"", b"\x80", b"A" * 10_000])
def test_a_broken_charter_is_told(tmp_path: Path, content: bytes) -> None:
    """Junk in the charter's file is no charter to start from, whatever it is."""
    data = made(tmp_path)
    (data / "charter.cbor").write_bytes(content)
    with pytest.raises(OperatorError, match="is no charter to start from"):
        Station.open(data)


def test_a_charter_of_another_registry_is_refused(tmp_path: Path) -> None:
    """Area ids mean nothing under another registry, so such a realm can't be joined."""
    realm = Realm()
    other = replace(realm.charter, registry=bytes(32)).sign((realm.root,))
    with pytest.raises(OperatorError, match="another registry of areas"):
        read_trust(other, realm.areas, "file")
    assert read_trust(realm.first, realm.areas, "file").realm_id == realm.id
    (tmp_path / "charter.cbor").write_bytes(realm.first)
    assert read_charter(tmp_path) == realm.first


def test_a_relay_without_desk_says_so(tmp_path: Path) -> None:
    """Whoever wants to sign alerts where no desk key is, or no grant, learns what is missing."""
    first = made(tmp_path)
    with Station.open(joined(tmp_path, first)) as station:
        with pytest.raises(OperatorError, match="no desk key"):
            station.desk_key()
        station.desk = key("a desk without a grant")
        with pytest.raises(OperatorError, match="holub realm grant --desk"):
            station.desk_key()
    with Station.open(first) as station:
        assert station.desk_rate() == 1000


def test_a_full_store_publishes_nothing(tmp_path: Path) -> None:
    """Where the commit has no room the message is not held, and the operator is told."""
    data = made(tmp_path)
    with Station.open(data) as opened:
        first = read_charter(data)
        config = opened.config
    station = Station(data, config, MemoryStore(quota_bytes=400), first, os.urandom)
    with pytest.raises(OperatorError, match="store is full"):
        station.settle()
    assert len(station.node.holdings) == 0


def test_the_overlay_knows_what_is_under_way() -> None:
    """A body is there from take to commit, and a later batch's is not ended by an earlier."""
    store = MemoryStore()
    overlay = Overlay(store)
    id_ = bytes(32)
    row = Row(id_, 5, 1, b"", 0, 0, 0, 0, 0, 3, State.HELD, 0, 0, 0)
    first, second = Writes(rows=((row, b"one"),)), Writes(rows=((row, b"two"),))
    overlay.begin(1, first)
    assert overlay.get(id_) == b"one"
    overlay.begin(2, second)
    store.commit(first)
    overlay.end(1, first)
    assert overlay.get(id_) == b"two"
    store.commit(second)
    overlay.end(2, second)
    assert overlay.get(id_) == b"two"
    assert held_ids(second) == (id_,)
