"""What comes back of a damaged store, and what is left of the damaged one."""

from pathlib import Path

import pytest

from holub_protocol.storage import Counter, Writes
from support_disk import opened, pages_of, ruin
from support_store import EVICTED, SIGNER, body_of, held, id_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store lies, in a directory of its own."""
    directory = tmp_path / "data"
    directory.mkdir()
    return directory / "store.db"


@pytest.mark.parametrize("table", ["message", "body", "sqlite_autoindex_message_1"])
def test_salvage_steps_over_a_bad_page(path: Path, table: str) -> None:
    """One bad page costs its own rows only; counters and notes, which no peer has, stay."""
    counter = Counter(SIGNER, "alert", 5, 6)
    with opened(path) as store:
        store.commit(held(*range(2000)), Writes(counters=(counter,), notes=(("peer", b"1"),)))
        mark = store.last_seq()
    pages = pages_of(path, table)
    ruin(path, pages[len(pages) // 2])
    with opened(path) as store:
        salvage = store.salvage
        assert salvage is not None
        assert salvage.complete
        assert salvage.moved_to.exists()
        rows = list(store.rows())
        assert (salvage.rows, salvage.counters, salvage.notes) == (len(rows), 1, 1)
        assert len(rows) >= (1960 if table == "message" else 2000)
        assert salvage.bodies >= 1960
        bodies = [store.get(row.id) for row in rows if row.state is not EVICTED]
        assert len(bodies) == salvage.bodies
        assert None not in bodies
        assert (store.counters(), store.notes("")) == ((counter,), (("peer", b"1"),))
        assert all(row.seq > mark for row in rows)
    with opened(path) as store:
        assert store.salvage is None


def test_a_ruined_header_starts_anew(path: Path) -> None:
    """A file that is no database any more is moved aside, and an empty store takes its place."""
    with opened(path) as store:
        store.commit(held(*range(50)))
    ruin(path, 1)
    ruined = path.read_bytes()
    with opened(path) as store:
        assert store.salvage is not None
        assert (store.salvage.rows, list(store.rows())) == (0, [])
        assert store.salvage.moved_to.read_bytes() == ruined
        store.commit(held(1))
        assert store.get(id_of(1)) == body_of(1)
        store.commit(Writes(deletes=(id_of(1),)))
        mark = store.last_seq()
    assert mark > 2**40  # above any number that the lost store may have given
    ruin(path, 1)
    with opened(path):
        pass
    with opened(path) as store:  # and that is remembered though no row came over
        assert store.last_seq() > mark


def test_the_wal_of_a_damaged_file_is_salvaged_too(path: Path, tmp_path: Path) -> None:
    """After a crash what only the WAL has comes over, and the files moved aside stay as found."""
    with opened(path) as store:
        store.commit(held(*range(1000)))
    page = pages_of(path, "body")[10]
    with opened(path) as store:
        store.commit(held(5000))
        crashed = tmp_path / "crashed"
        crashed.mkdir()
        for name in ("store.db", "store.db-wal"):
            (crashed / name).write_bytes((path.parent / name).read_bytes())
    ruin(crashed / "store.db", page)
    found = (crashed / "store.db").read_bytes()
    with opened(crashed / "store.db") as store:
        assert store.salvage is not None
        assert store.get(id_of(5000)) == body_of(5000)
        assert store.salvage.moved_to.read_bytes() == found


def test_a_truncated_file_gives_what_is_left(path: Path) -> None:
    """A file cut short is moved aside; whatever of it is read is right."""
    with opened(path) as store:
        store.commit(held(*range(2000)))
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)
    with opened(path) as store:
        assert store.salvage is not None
        for row in store.rows():
            assert store.get(row.id) in (None, body_of(row.created_s - 1_700_000_000))


def test_only_the_newest_damaged_file_is_kept(path: Path) -> None:
    """A card that fails at every start can't fill itself with damaged copies."""
    for _ in range(3):
        with opened(path) as store:
            store.commit(held(1))
        ruin(path, 1)
    with opened(path):
        pass
    assert [name.name for name in path.parent.glob("*damaged*")] == ["store.db.damaged-3"]
