"""Files of messages: whatever happens to one, every record that is whole comes out."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_protocol import bundle
from holub_protocol.bundle import BundleError, BundleReader, Item, Record, Report, arrange
from holub_protocol.kinds import Class
from holub_protocol.limits import MESSAGE_BYTES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "wire.md"

AGES = st.integers(0, 2**32 - 1)
RAWS = st.binary(min_size=1, max_size=40) | st.sampled_from([bundle.MAGIC * 3, b"\x89" * 9])
FILES = st.lists(st.tuples(RAWS, AGES), max_size=8)
NESTED = st.sampled_from([bundle.encode(b"inner", 1), bundle.end(9)])


def read(stream: bytes, piece: int = 1 << 16) -> tuple[list[Record], Report]:
    """Read a stream in pieces of a size."""
    reader, found = BundleReader(), []
    for start in range(0, len(stream), piece):
        reader.feed(stream[start : start + piece])
        while (record := reader.next()) is not None:
            found.append(record)
    reader.close()
    while (record := reader.next()) is not None:
        found.append(record)
    return found, reader.report()


def written(messages: list[tuple[bytes, int]]) -> list[bytes]:
    """Return the records of a file and its end."""
    return [*(bundle.encode(raw, age_s) for raw, age_s in messages), bundle.end(len(messages))]


def pairs(records: list[Record]) -> list[tuple[bytes, int]]:
    """Return messages with their ages."""
    return [(record.raw, record.age_s) for record in records]


@given(st.lists(st.tuples(RAWS | NESTED, AGES), max_size=8), st.integers(1, 200))
def test_what_was_written_is_read(messages: list[tuple[bytes, int]], piece: int) -> None:
    """Bytes, ages and order come back however the stream is cut into pieces, and the report
    counts them; each record is where it says."""
    stream = b"".join(written(messages))
    found, report = read(stream, piece)
    assert pairs(found) == messages
    assert report == Report(len(messages), 0, 0, 0, ended=True)
    for record in found:
        assert stream[record.offset :].startswith(bundle.encode(record.raw, record.age_s))


@given(FILES, st.data())
def test_flipped_bytes_cost_the_records_they_are_in(
    messages: list[tuple[bytes, int]], data: st.DataObject
) -> None:
    """Of a file with any bytes changed, exactly the records without one of them are found, in
    order, and all other bytes are counted as skipped."""
    records = written(messages)
    stream = bytearray(b"".join(records))
    flips = data.draw(st.sets(st.integers(0, len(stream) - 1), max_size=6))
    for place in sorted(flips):
        stream[place] ^= data.draw(st.integers(1, 255))
    found, report = read(bytes(stream), data.draw(st.integers(1, 100)))
    spans, start = [], 0
    for record in records:
        spans.append(range(start, start + len(record)))
        start += len(record)
    whole = [flips.isdisjoint(span) for span in spans]
    assert pairs(found) == [pair for pair, good in zip(messages, whole, strict=False) if good]
    assert report.good == len(found)
    assert report.ended is whole[-1]
    assert report.missing == (len(messages) - len(found) if whole[-1] else 0)
    lost = [span for span, good in zip(spans, whole, strict=True) if not good]
    assert report.skipped_bytes == sum(map(len, lost))
    assert report.damaged == sum(span.start not in [one.stop for one in lost] for span in lost)


@given(FILES, st.data())
def test_a_cut_file_gives_all_before_the_cut(
    messages: list[tuple[bytes, int]], data: st.DataObject
) -> None:
    """A file cut anywhere gives each record that ends before the cut, and says that it is cut."""
    records = written(messages)
    stream = b"".join(records)
    cut = data.draw(st.integers(0, len(stream) - 1))
    found, report = read(stream[:cut])
    ends = [len(b"".join(records[: n + 1])) for n in range(len(messages))]
    whole = sum(end <= cut for end in ends)
    assert pairs(found) == messages[:whole]
    assert report.ended is False
    assert report.skipped_bytes == cut - (ends[whole - 1] if whole else 0)


@given(FILES, NESTED, st.integers(1, 100))
def test_a_record_inside_a_message_is_none(
    messages: list[tuple[bytes, int]], nested: bytes, lost: int
) -> None:
    """A message may hold what looks like a record: nobody sees it unless its own is damaged."""
    outer = bundle.encode(bytes(100) + nested, 7)
    stream = b"".join(written(messages))
    assert pairs(read(stream + outer)[0]) == [*messages, (bytes(100) + nested, 7)]
    broken = bytearray(outer)
    broken[-bundle.CHECKSUM_BYTES - len(nested) - lost] ^= 1
    found, _ = read(stream + broken)
    assert pairs(found)[len(messages) :] == ([(b"inner", 1)] if b"inner" in nested else [])


@given(st.lists(st.binary(max_size=60) | RAWS | NESTED, max_size=6), st.integers(1, 50))
def test_junk_never_raises(junk: list[bytes], piece: int) -> None:
    """Whatever a file holds, each of its bytes is in a record, an end, or skipped."""
    stream = b"".join(junk)
    found, report = read(stream, piece)
    assert report.good == len(found)
    assert 0 <= report.skipped_bytes <= len(stream)
    assert report == read(stream)[1]


def test_junk_between_records_is_one_damaged_place() -> None:
    """Inserted bytes cost nothing but themselves, however they arrive."""
    a, b, end = written([(b"a" * 100, 1), (b"b" * 100, 2)])
    for piece in (1, 7, 1000):
        found, report = read(b"junk" + a + bundle.MAGIC * 40 + b + end, piece)
        assert [record.raw[:1] for record in found] == [b"a", b"b"]
        assert report == Report(2, 2, 4 + 40 * len(bundle.MAGIC), 0, ended=True)


def test_missing_records_are_counted() -> None:
    """The end tells how many there were, also of a file put together from several."""
    a, b, end = written([(b"a", 1), (b"b", 2)])
    assert read(a + end)[1] == Report(1, 0, 0, 1, ended=True)
    assert read(a + b + end + b + end + a + b + end)[1] == Report(5, 0, 0, 1, ended=True)
    assert read(a + b)[1].ended is False
    assert read(a + bundle.end(2**32 - 1))[1].missing == 2**32 - 2


def test_an_end_followed_by_more_is_none() -> None:
    """A second file that was cut right at its first record does not pass for whole."""
    a, end = written([(b"a", 1)])
    assert read(a + end + a)[1].ended is False


def test_the_reader_keeps_no_more_than_a_record() -> None:
    """Neither junk nor the largest size in a head makes it hold back more than one record."""
    reader = BundleReader()
    head = bundle.MAGIC + MESSAGE_BYTES.to_bytes(2, "big")
    for piece in (b"\x00" * 5000, head + b"\x89" * 2000, b"\x01" * 5000, bundle.MAGIC * 2000):
        reader.feed(piece)
        assert reader.next() is None
        assert len(reader._buffer) <= bundle.RECORD_BYTES
    too_large = bundle.MAGIC + (MESSAGE_BYTES + 1).to_bytes(2, "big") + bytes(40)
    assert read(too_large)[1] == Report(0, 1, len(too_large), 0, ended=False)


@pytest.mark.parametrize("size", [0, MESSAGE_BYTES + 1])
def test_records_have_bounds(size: int) -> None:
    """Nothing is written that a reader would not take."""
    with pytest.raises(ValueError, match=f"{size} bytes"):
        bundle.encode(bytes(size), 0)


def test_the_largest_record_and_age_pass() -> None:
    """The bounds themselves are allowed; an age beyond four bytes is the largest."""
    assert len(bundle.encode(bytes(MESSAGE_BYTES), 0)) == bundle.RECORD_BYTES
    found, _ = read(bundle.encode(bytes(MESSAGE_BYTES), 2**40))
    assert pairs(found) == [(bytes(MESSAGE_BYTES), 2**32 - 1)]


# --- order and room ---------------------------------------------------------------------------


def item(name: str, cls: Class, created_s: int = 0, signer: str = "", size: int = 78) -> Item:
    """Describe a message; with the overhead a record of 100 bytes."""
    return Item(name.encode(), cls, created_s, 0, size, signer.encode())


CHARTERS = (item("charter 1", Class.TRUST, 1), item("charter 2", Class.TRUST, 2))
GRANTS = tuple(item(f"grant of {n}", Class.GRANT, t, "reg") for n, t in (("b", 5), ("a", 4)))
CHAINS = {b"a": GRANTS[1:], b"b": GRANTS[:1]}
MESSAGES = (
    item("old alert", Class.ALERT, 10, "a"),
    item("new alert", Class.ALERT, 20, "a"),
    item("letter", Class.PEOPLE, 30, "b"),
    item("revoke", Class.TRUST, 6, "reg"),
)


def names(max_bytes: int, messages: tuple[Item, ...] = MESSAGES + GRANTS) -> list[str]:
    """Return what a plan takes, in its order."""
    plan = arrange(CHARTERS, messages, CHAINS, max_bytes)
    assert plan.size_bytes == 100 * len(plan.ids) + bundle.OVERHEAD_BYTES <= max_bytes
    return [id_.decode() for id_ in plan.ids]


def test_the_chain_comes_first() -> None:
    """Charters ascending, grants ascending, then by class and the newest first."""
    assert names(1 << 20) == [
        "charter 1", "charter 2", "grant of a", "grant of b",
        "revoke", "new alert", "old alert", "letter",
    ]  # fmt: skip


def test_where_room_is_short_the_newest_alerts_have_it() -> None:
    """What is cut is the least urgent, then the oldest; and who is left out is counted."""
    assert names(522) == ["charter 1", "charter 2", "grant of a", "revoke", "new alert"]
    assert arrange(CHARTERS, MESSAGES + GRANTS, CHAINS, 522).left_out == 3
    assert arrange(CHARTERS, MESSAGES + GRANTS, CHAINS, 1 << 20).left_out == 0


def test_a_message_brings_the_grants_that_it_needs() -> None:
    """Grants from before the number of --since come along; without room for them neither goes."""
    assert names(1 << 20, MESSAGES[2:3]) == ["charter 1", "charter 2", "grant of b", "letter"]
    assert names(421, MESSAGES[2:3]) == ["charter 1", "charter 2"]


def test_room_below_the_charters_is_told() -> None:
    """A file without its charters would be of no use, so there is none."""
    with pytest.raises(BundleError, match="221 bytes: the charters alone take 222"):
        arrange(CHARTERS, (), {}, 221)
    assert names(222, ()) == ["charter 1", "charter 2"]


# --- the page ---------------------------------------------------------------------------------


def test_page_has_the_form_of_a_record() -> None:
    """docs/wire.md gives the fields their lengths, and its example is what we write."""
    section = PAGE.read_text("utf-8").partition("\n## Files\n")[2].partition("\n## ")[0]
    lengths = [int(n) for n in re.findall(r"^\| [a-z ]+ \| (\d+) \|", section, re.M)]
    assert lengths == [len(bundle.MAGIC), 2, 4, bundle.CHECKSUM_BYTES]
    example = "".join(re.findall(r"^    ([0-9a-f ]+)$", section, re.M)).replace(" ", "")
    assert bytes.fromhex(example) == bundle.encode(b"holub", 60) + bundle.end(1)
