"""Frames: values to bytes and back, and every other byte string an error or ignored."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_crypto import cbor
from holub_protocol import frames
from holub_protocol.frames import (
    Bye,
    Chunk,
    Credit,
    Fetch,
    Fingerprint,
    Frame,
    FrameError,
    Have,
    Hello,
    IdList,
    IHave,
    Need,
    Part,
    PeerAddress,
    Peers,
    Put,
    Range,
    Refuse,
    Root,
    Skip,
    Want,
    WantListed,
)
from holub_protocol.kinds import Class
from holub_protocol.limits import (
    FINGERPRINT_BYTES,
    LIST_ITEMS,
    NEED_HINTS,
    PEER_ADDRESSES,
    RANGE_PARTS,
    SHORT_ID_BYTES,
    WANT_BITS_BYTES,
)
from holub_protocol.refusal import Refusal

EIGHT = st.binary(min_size=8, max_size=8)
SHORTS = st.binary(min_size=SHORT_ID_BYTES, max_size=SHORT_ID_BYTES)
DIGESTS = st.binary(min_size=FINGERPRINT_BYTES, max_size=FINGERPRINT_BYTES)
BOUNDS = st.builds(
    lambda seconds, prefix: seconds.to_bytes(4, "big") + prefix,
    st.integers(1, 2**32 - 1),
    st.binary(max_size=32),
)
UINT = st.integers(0, 2**32 - 1)
CLASS = st.sampled_from(Class)
IDS = st.lists(SHORTS, max_size=8).map(tuple)
HINTS = st.lists(EIGHT, max_size=8).map(tuple)


@st.composite
def parts(draw: st.DrawFn) -> tuple[bytes, tuple[Part, ...]]:
    """Return a lower bound and parts whose bounds rise, the last perhaps without one."""
    low, *highs = sorted(draw(st.sets(BOUNDS | st.just(b""), min_size=2, max_size=6)))
    if draw(st.booleans()):
        highs.append(b"")
    kinds = (
        st.builds(Skip, st.just(b"")),
        st.builds(Fingerprint, st.just(b""), DIGESTS),
        st.builds(IdList, st.just(b""), IDS.map(b"".join)),
    )
    made: list[Part] = []
    for high in highs:
        match draw(st.one_of(*kinds)):
            case Fingerprint(_, fingerprint):
                made.append(Fingerprint(high, fingerprint))
            case IdList(_, short_ids):
                made.append(IdList(high, short_ids))
            case _:
                made.append(Skip(high))
    return low, tuple(made)


@st.composite
def puts(draw: st.DrawFn) -> Put:
    """Return a piece that lies within its message."""
    total = draw(st.integers(1, 4096))
    offset = draw(st.integers(0, total - 1))
    data = draw(st.binary(min_size=1, max_size=min(64, total - offset)))
    return Put(draw(SHORTS), draw(UINT), total, offset, data)


ROOT_ENTRIES = st.dictionaries(CLASS, st.tuples(UINT, EIGHT)).map(
    lambda made: tuple((cls, *made[cls]) for cls in sorted(made))
)
KEYS = st.binary(min_size=32, max_size=32)
ADDRESSES = st.one_of(st.binary(min_size=4, max_size=4), st.binary(min_size=16, max_size=16))
PEERS = st.dictionaries(
    KEYS, st.tuples(ADDRESSES, st.integers(1, 65_535)), min_size=1, max_size=PEER_ADDRESSES
).map(lambda made: Peers(tuple(PeerAddress(*made[key], key) for key in sorted(made))))
FRAMES: st.SearchStrategy[Frame] = st.one_of(
    st.builds(
        Hello, st.integers(1, 255), st.binary(min_size=16, max_size=16), st.integers(256, 65_535),
        st.integers(512, 2**20), st.integers(1, 65_535),
    ),
    st.builds(Root, st.booleans(), ROOT_ENTRIES, st.booleans()),
    st.builds(lambda cls, made: Range(cls, *made), CLASS, parts()),
    st.builds(Want, CLASS, IDS),
    st.builds(
        WantListed,
        CLASS,
        BOUNDS | st.just(b""),
        st.binary(min_size=1, max_size=9).filter(lambda bits: bits[-1] > 0),
    ),
    puts(),
    st.builds(Need, HINTS),
    st.builds(IHave, CLASS, IDS),
    st.builds(Refuse, SHORTS, st.integers(1, 255)),
    st.builds(Credit, st.integers(1, 2**32 - 1)),
    st.builds(Bye, st.integers(0, 255), st.integers(0, 86_400)),
    PEERS,
    st.builds(
        lambda short, place, data, offset: Chunk(short, place, offset % (1025 - len(data)), data),
        SHORTS, st.integers(0, 1559), st.binary(min_size=1, max_size=64), st.integers(0, 1023),
    ),
    st.builds(Have, SHORTS, st.binary(min_size=1, max_size=197)),
    st.builds(
        lambda short, offset, places: Fetch(short, offset, tuple(places)),
        SHORTS, st.integers(0, 1023), st.lists(st.integers(0, 1559), min_size=1, max_size=32),
    ),
)  # fmt: skip


@given(FRAMES)
def test_what_is_written_is_read_back(frame: Frame) -> None:
    """Every frame survives the wire."""
    assert frames.decode(frames.encode(frame)) == frame


@given(FRAMES, st.data())
def test_one_byte_string_a_frame(frame: Frame, data: st.DataObject) -> None:
    """A changed byte breaks the frame, makes it unknown, or is the one form of another."""
    good = frames.encode(frame)
    at = data.draw(st.integers(0, len(good) - 1))
    bad = good[:at] + bytes([good[at] ^ data.draw(st.integers(1, 255))]) + good[at + 1 :]
    try:
        other = frames.decode(bad)
    except FrameError:
        return
    if other is not None:
        assert other != frame
        assert frames.encode(other) == bad


@given(st.binary(max_size=60))
def test_junk_is_an_error_or_unknown(data: bytes) -> None:
    """Any bytes are a frame, a frame of an unknown type, or a FrameError."""
    try:
        frame = frames.decode(data)
    except FrameError:
        return
    assert frame is None or frames.encode(frame) == data


@pytest.mark.parametrize("number", [14, 23, 24, 2**32])
@pytest.mark.parametrize("rest", [(), (1, b"2", None)])
def test_unknown_types_are_ignored(number: int, rest: tuple[cbor.Value, ...]) -> None:
    """Later types are no error, whatever their fields: later versions may speak."""
    assert frames.decode(cbor.encode((int(number), *rest))) is None


NONCE, SHORT, DIGEST, HINT = bytes(16), bytes(SHORT_ID_BYTES), bytes(8), bytes(8)
PEER: tuple[cbor.Value, ...] = (bytes(4), 7447, b"b" * 32)


@pytest.mark.parametrize(
    "fields",
    [
        (),
        (b"",),
        (-1,),
        (None, 1),
        (0,),
        (0, 1, NONCE, 256, 512),
        (0, 1, NONCE, 256, 512, 1, 1),
        (0, 0, NONCE, 256, 512, 1),
        (0, 1, NONCE[1:], 256, 512, 1),
        (0, 1, NONCE, 255, 512, 1),
        (0, 1, NONCE, 65_536, 512, 1),
        (0, 1, NONCE, 256, 511, 1),
        (0, 1, NONCE, 256, 2**20 + 1, 1),
        (0, 1, NONCE, 256, 512, 0),
        (1, 4, ()),
        (1, 0, ((6, 1, DIGEST),)),
        (1, 0, ((-1, 1, DIGEST),)),
        (1, 0, ((0, -1, DIGEST),)),
        (1, 0, ((0, 1, DIGEST[1:]),)),
        (1, 0, ((0, 1),)),
        (1, 0, ((1, 1, DIGEST), (0, 1, DIGEST))),
        (1, 0, ((1, 1, DIGEST), (1, 1, DIGEST))),
        (1, 0, (1,)),
        (2, 0, 0),
        (2, 0, 0, 1),
        (2, 0, 0, None, None, None),
        (2, 0, 0, *(1, None) * (RANGE_PARTS + 1)),
        (2, 0, b"", None, None),
        (2, 0, -1, None, None),
        (2, 0, 2**32, None, None),
        (2, 0, None, None, None),
        (2, 0, (0, b""), None, None),
        (2, 0, (0, bytes(33)), None, None),
        (2, 0, (0,), None, None),
        (2, 0, 5, 0, None),
        (2, 0, 5, 2**32 - 5, None),
        (2, 0, (5, b"b"), (0, b"b"), None),
        (2, 0, (5, b"b"), (0, b"a"), None),
        (2, 0, 0, None, None, 1, None),
        (2, 0, 0, None, 0),
        (2, 0, 0, None, bytes(FINGERPRINT_BYTES + 1)),
        (2, 0, 0, None, SHORT * (LIST_ITEMS + 1)),
        (3, 0, SHORT[1:]),
        (3, 6, SHORT),
        (3, 0, (SHORT,)),
        (3, 0, 0, b""),
        (3, 0, 0, b"\x80\0"),
        (3, 0, b"", b"\x80"),
        (3, 0, 0, b"\x80" * (WANT_BITS_BYTES + 1)),
        (3, 0, 0, b"\x80", 0),
        (4, SHORT, 0, 0, 0, b"x"),
        (4, SHORT, 0, 4097, 0, b"x"),
        (4, SHORT, 0, 10, 10, b"x"),
        (4, SHORT, 0, 10, 9, b"xx"),
        (4, SHORT, 0, 10, 0, b""),
        (4, SHORT, 0, 1, 0, b"x"),
        (4, SHORT, 0, b""),
        (4, SHORT, 0, bytes(4097)),
        (4, SHORT, 0, 1, b"x"),
        (4, SHORT, -1, 10, 0, b"x"),
        (4, SHORT[1:], 0, 10, 0, b"x"),
        (5, HINT * (NEED_HINTS + 1)),
        (5, HINT[1:]),
        (6, 0, SHORT * 820),
        (7, SHORT, 0),
        (7, SHORT, 256),
        (7, SHORT[1:], 1),
        (8, SHORT, 1560, 0, b"x"),
        (8, SHORT, 0, 1024, b"x"),
        (8, SHORT, 0, 1023, b"xx"),
        (8, SHORT, 0, 0, b""),
        (8, SHORT[1:], 0, 0, b"x"),
        (9, SHORT, b""),
        (9, SHORT, bytes(198)),
        (10, 0),
        (10, 2**32),
        (11, 256, 0),
        (11, 0, 86_401),
        (13, SHORT, 0, ()),
        (13, SHORT, 0, (0,) * 33),
        (13, SHORT, 0, (1560,)),
        (13, SHORT, 1024, (0,)),
        (13, SHORT, 0, 0),
        (12,),
        (12, (PEER,), 0),
        (12, ()),
        (12, PEER),
        (12, tuple((bytes(4), 7447, bytes([n]) * 32) for n in range(PEER_ADDRESSES + 1))),
        (12, (PEER, PEER)),
        (12, (PEER, (bytes(16), 7447, b"a" * 32))),
        (12, ((bytes(5), 7447, b"b" * 32),)),
        (12, ((bytes(17), 7447, b"b" * 32),)),
        (12, ((bytes(4), 0, b"b" * 32),)),
        (12, ((bytes(4), 65_536, b"b" * 32),)),
        (12, ((bytes(4), 7447, b"b" * 31),)),
        (12, ((bytes(4), 7447),)),
        (12, ((*PEER, None),)),
    ],
)
def test_known_types_are_strict(fields: tuple[cbor.Value, ...]) -> None:
    """A known type with other fields than its own is an error, never half understood."""
    with pytest.raises(FrameError):
        frames.decode(cbor.encode(fields))


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x83\x0b\x00\x00\x00", b"\xa0", b"\x9f\x0b\xff"])
def test_no_frame_at_all(data: bytes) -> None:
    """What is no array of the profile is an error."""
    with pytest.raises(FrameError):
        frames.decode(data)


@given(parts())
def test_the_size_of_a_range_is_known_before_it_is_written(
    made: tuple[bytes, tuple[Part, ...]],
) -> None:
    """Head and parts are reckoned to the byte; up to ten parts the head is one shorter."""
    low, cut = made
    before = [low, *(part.high for part in cut)]
    reckoned = frames.range_head_bytes(low) + sum(map(frames.part_bytes, before, cut))
    assert len(frames.encode(Range(Class.BULK, low, cut))) == reckoned - 1


def test_refusals_fit_their_frame() -> None:
    """Every reason has a number that a REFUSE can carry."""
    for refusal in Refusal:
        frame = Refuse(SHORT, refusal.value)
        assert frames.decode(frames.encode(frame)) == frame


def test_peers_are_no_longer_than_reckoned() -> None:
    """Every link's frame has room for as many addresses as its size is divided into."""
    entries = tuple(PeerAddress(bytes(16), 65_535, bytes([n]) * 32) for n in range(PEER_ADDRESSES))
    for count in range(1, PEER_ADDRESSES + 1):
        size = len(frames.encode(Peers(entries[:count])))
        assert size == frames.PEERS_HEAD_BYTES + count * frames.PEER_BYTES_MAX
