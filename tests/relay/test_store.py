"""What only the store on disk must do: keep to its quota, survive kills, power cuts and flips."""

import random
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from holub_protocol.storage import Counter, StoreError, StoreFull, Writes
from holub_relay import schema
from holub_relay.store import QUOTA_BYTES_MIN, SqliteStore
from support_disk import QUOTA_BYTES, DiskVfs, PowerCut, opened
from support_store import EVICTED, SIGNER, Model, body_of, held, id_of

SUPPORT = Path(__file__).resolve().parents[1]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store lies, in a directory of its own."""
    directory = tmp_path / "data"
    directory.mkdir()
    return directory / "store.db"


def test_a_newer_schema_is_refused(path: Path) -> None:
    """A store of a newer Holub is left alone, and the error says what to do."""
    with opened(path) as store:
        store.commit(held(1))
    connection = apsw.Connection(str(path))
    connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    connection.close()
    with pytest.raises(StoreError, match=r"store\.db was written by a newer Holub .* update Holub"):
        SqliteStore.open(path, QUOTA_BYTES)
    assert [name.name for name in path.parent.iterdir() if "damaged" in name.name] == []


def test_another_programs_database_is_refused(path: Path) -> None:
    """A foreign database is neither written nor moved."""
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        SqliteStore.open(path, QUOTA_BYTES)
    assert path.read_bytes() == before


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    """A path that can't be opened is named in the error."""
    with pytest.raises(StoreError, match=r"nowhere/store\.db"):
        SqliteStore.open(tmp_path / "nowhere" / "store.db", QUOTA_BYTES)


def test_a_quota_too_small_is_refused(path: Path) -> None:
    """A quota without room for the reserves is refused by name and number."""
    with pytest.raises(ValueError, match=f"quota {QUOTA_BYTES_MIN - 1} B is under"):
        SqliteStore.open(path, QUOTA_BYTES_MIN - 1)


def test_all_files_stay_within_the_quota(path: Path) -> None:
    """Database, WAL and ballast together never take more than the operator gave."""
    quota_bytes = 3 << 20
    largest = 0
    with opened(path, quota_bytes) as store:
        for number in range(0, 3000, 30):
            with suppress(StoreFull):
                store.commit(held(*range(number, number + 30), size=1000))
            files = [name for name in path.parent.iterdir() if name.suffix != ".db-shm"]
            largest = max(largest, sum(name.stat().st_size for name in files))
        with pytest.raises(StoreFull):
            store.commit(held(*range(5000, 5100), size=1000))
    assert quota_bytes // 2 < largest <= quota_bytes


def test_a_lowered_quota_still_opens(path: Path) -> None:
    """A store larger than its new quota opens, takes deletes, and then fits."""
    with opened(path, 8 << 20) as store:
        store.commit(held(*range(3000), size=1000))
    with opened(path, QUOTA_BYTES_MIN) as store:
        assert store.size_bytes() > store.quota_bytes
        store.commit(Writes(deletes=tuple(id_of(number) for number in range(2500))))
        assert store.size_bytes() < store.quota_bytes
        assert store.get(id_of(2999)) == body_of(2999, 1000)


def test_reading_sees_commits_during_a_scan(path: Path) -> None:
    """A scan under way holds no old snapshot: what is committed meanwhile can be read."""
    with opened(path) as store:
        store.commit(held(*range(5)))
        scan = store.rows()
        next(scan)
        store.commit(held(7))
        assert store.get(id_of(7)) == body_of(7)


def test_flipped_bits_never_give_a_wrong_body(path: Path) -> None:
    """Whatever bit of the file flips, a body is either the one committed or None."""
    numbers = range(60)
    with opened(path) as store:
        store.commit(held(*numbers))
    content = path.read_bytes()
    rng = random.Random(5)
    missing = 0
    for _ in range(30):
        for name in path.parent.iterdir():
            name.unlink()
        flipped = bytearray(content)
        flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
        path.write_bytes(flipped)
        try:
            with opened(path) as store:
                bodies = [store.get(id_of(number)) for number in numbers]
        except StoreError:  # the header's own mark flipped: taken for another program's
            continue
        assert all(body in (None, body_of(n)) for n, body in zip(numbers, bodies, strict=True))
        missing += bodies.count(None)
    assert missing > 0


def test_a_failed_commit_leaves_nothing(path: Path) -> None:
    """A value that SQLite can't hold fails its whole group, and only that."""
    with opened(path) as store:
        row, body = held(2).rows[0]
        beyond = Writes(rows=((replace(row, area=2**63), body),))
        with pytest.raises(OverflowError):
            store.commit(held(1), Writes(notes=(("a", b"1"),)), beyond)
        assert (list(store.rows()), store.notes(""), store.last_seq()) == ([], (), 0)
        store.commit(held(3))
        assert store.get(id_of(3)) == body_of(3)


def test_the_wal_shrinks_after_a_huge_commit(path: Path) -> None:
    """One commit beyond the WAL's reserve gives the room back once it is folded in."""
    wal = path.with_name("store.db-wal")
    with opened(path) as store:
        store.commit(held(*range(1500), size=4000))
        assert wal.stat().st_size > QUOTA_BYTES // 4
        store.commit(held(2000))
        store.commit(held(2001))
        assert wal.stat().st_size <= QUOTA_BYTES // 4


@pytest.mark.slow
def test_killed_processes_keep_what_they_acknowledged(path: Path) -> None:
    """After ten kill -9 at random moments every message told as durable is there."""
    rng = random.Random(1)
    acknowledged: list[int] = []
    for turn in range(10):
        command = [sys.executable, str(SUPPORT / "support_killed.py"), str(path), str(turn * 10**6)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            told = process.stdout.readline()  # it is under way
            time.sleep(rng.uniform(0, 0.03))
            process.kill()
            told += process.stdout.read()
        acknowledged += [int(line) for line in told.splitlines()]
        with opened(path, 64 << 20) as store:
            assert store.salvage is None
            for start in acknowledged:
                for number in range(start, start + 3):
                    assert store.get(id_of(number)) == body_of(number)
    assert len(acknowledged) >= 20


def cut_power(directory: Path, seed: int, synchronous: str | None = None) -> str:
    """Commit until the power goes, restart; tell what differs from what was acknowledged."""
    rng = random.Random(seed)
    disk = PowerCut(rng, cut_after=rng.randint(1, 400))
    vfs = DiskVfs("power-cut", disk)
    before, after = directory / "before", directory / "after"
    before.mkdir(parents=True)
    after.mkdir()
    model, asked = Model(), Model()
    store = None
    with suppress(StoreError):
        store = SqliteStore.open(before / "store.db", QUOTA_BYTES_MIN, vfs="power-cut")
        if synchronous is not None:
            store._writer.execute(f"PRAGMA synchronous = {synchronous}")
        for number in range(10_000):
            some = tuple(id_of(rng.randint(0, number)) for _ in range(2))
            writes = Writes(
                rows=held(*range(number * 3, number * 3 + rng.randint(0, 3))).rows,
                states=((some[0], EVICTED),),
                deletes=(some[1],) if number % 5 == 0 else (),
                counters=(Counter(SIGNER, "alert", number, 0),),
            )
            asked.commit(writes)
            store.commit(writes)
            model.commit(writes)
    assert disk.dead
    if store is not None:
        with suppress(apsw.Error):
            store.close()
    vfs.unregister()
    disk.crashed(after)
    try:
        with opened(after / "store.db", QUOTA_BYTES_MIN) as store:
            if store.salvage is not None:
                return "damaged"
            difference = model.differs_from(store)
            return difference and asked.differs_from(store)
    except StoreError as error:
        return str(error)


@pytest.mark.slow
def test_power_cuts_lose_nothing_acknowledged(tmp_path: Path) -> None:
    """After each of 40 power cuts the store holds what it acknowledged, or one commit more."""
    results = {seed: cut_power(tmp_path / str(seed), seed) for seed in range(40)}
    assert {seed: text for seed, text in results.items() if text} == {}


@pytest.mark.slow
@pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
def test_power_cuts_do_lose_without_full(tmp_path: Path, synchronous: str) -> None:
    """The same cuts do lose rows where commits are not synced: the test above has teeth."""
    results = [cut_power(tmp_path / str(seed), seed, synchronous) for seed in range(10)]
    assert sum(bool(text) for text in results) >= 5
