"""Range-based reconciliation: any two sets become equal, in few bytes, whatever the frame size."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_protocol.frames import Fingerprint, IdList, Range, WantListed, encode
from holub_protocol.kinds import Class
from holub_protocol.limits import (
    AMPLIFICATION,
    AMPLIFICATION_FREE_BYTES,
    LEAF_ITEMS,
    OPENING_ITEMS,
)
from holub_protocol.order import Order, sort_key
from holub_protocol.reconcile import (
    RootSum,
    Snapshot,
    list_items,
    pack,
    session_salt,
    short_id,
)
from support_realm import Entropy

SALT = session_salt(b"a" * 16, b"b" * 16)


Draw = Callable[[int], int]


def first(count: int) -> int:
    """Take what came first."""
    return 0


def keys(name: str, count: int, first_s: int = 1000, step_s: int = 1) -> list[bytes]:
    """Return `count` keys in time order with random ids."""
    entropy = Entropy(name)
    return [sort_key(first_s + i * step_s, entropy(32)) for i in range(count)]


@dataclass
class Played:
    """What came of a reconciliation played to its end: the ids that both hold, bytes of RANGE and
    WANT, and the longest chain of frames that answer each other."""

    union: set[bytes]
    total_bytes: int
    depth: int


def reconcile(
    a: list[bytes], b: list[bytes], frame_bytes: int, slow: bool = False, draw: Draw = first
) -> Played:
    """Play both sides until silent; `draw` chooses which of the frames under way comes next."""
    sides = [Snapshot(SALT, Order(a)), Snapshot(SALT, Order(b))]
    held = [{key[4:] for key in a}, {key[4:] for key in b}]
    shorts = {short_id(SALT, id_): id_ for id_ in held[0] | held[1]}
    room = list_items(frame_bytes)
    opening = pack(Class.PEOPLE, b"", sides[0].opening(room), frame_bytes)
    queue = [(1, heard, 1) for heard in opening]
    total = deepest = 0
    while queue:
        side, heard, depth = queue.pop(draw(len(queue)))
        data = encode(heard)
        assert len(data) <= frame_bytes
        difference = sides[side].answer(heard, len(data), room, slow)
        held[side] |= {shorts[short] for _, short in difference.want}
        held[1 - side] |= {id_ for _, id_ in difference.send}
        answers = [
            answer
            for low, parts in difference.stretches
            for answer in pack(Class.PEOPLE, low, parts, frame_bytes)
        ]
        said = [encode(answer) for answer in answers]
        if difference.want:
            bits = bytes(max(place for place, _ in difference.want) // 8) + b"\1"
            said.append(encode(WantListed(Class.PEOPLE, heard.low, bits)))
        answer_bytes = sum(map(len, said))
        assert answer_bytes <= AMPLIFICATION * len(data) + AMPLIFICATION_FREE_BYTES
        total, deepest = total + len(data) + 2, max(deepest, depth)
        total += sum(len(want) + 2 for want in said[len(answers) :])
        queue += [(1 - side, answer, depth + 1) for answer in answers]
    assert held[0] == held[1]
    return Played(held[0], total, deepest)


def two_sets(size: int, differing: int, pattern: str) -> tuple[list[bytes], list[bytes]]:
    """Return two sets of `size` made over a week, half of what differs at either side: the newest
    after an "outage", any of them where "scattered"."""
    rng = Random(f"{size} {differing} {pattern}")
    total = size + differing // 2
    made = sorted(sort_key(rng.randrange(604_800), rng.randbytes(32)) for _ in range(total))
    outage = range(total - differing, total)
    chosen = list(outage) if pattern == "outage" else rng.sample(range(total), differing)
    rng.shuffle(chosen)
    at_a, at_b = dict.fromkeys(chosen[::2]), dict.fromkeys(chosen[1::2])
    return (
        [key for number, key in enumerate(made) if number not in at_b],
        [key for number, key in enumerate(made) if number not in at_a],
    )


@given(
    common=st.integers(0, 300),
    ours=st.integers(0, 80),
    theirs=st.integers(0, 80),
    step_s=st.sampled_from((0, 1, 60)),
    spread=st.sampled_from((0, 1, 7)),
    frame_bytes=st.sampled_from((256, 384, 4096)),
    slow=st.booleans(),
    order=st.randoms(use_true_random=False),
)
def test_any_two_sets_become_equal(
    common: int, ours: int, theirs: int, step_s: int, spread: int, frame_bytes: int, slow: bool,
    order: Random,
) -> None:  # fmt: skip
    """Whatever both hold, in frames of any size and order, each ends with the union, and no
    answer is more than eight times as long as its question and 300 bytes."""
    shared = keys("common", common, step_s=step_s)
    a = shared + keys("ours", ours, 1000 + spread * 20, step_s)
    b = shared + keys("theirs", theirs, 1000 + spread * 30, step_s)
    played = reconcile(a, b, frame_bytes, slow, order.randrange)
    assert played.union == {key[4:] for key in a + b}


@pytest.mark.parametrize(
    ("size", "differing", "pattern", "most_bytes", "depth"),
    [
        (1_000, 0, "outage", 150, 1),
        (1_000, 500, "outage", 1_900, 6),
        (1_000, 10, "scattered", 1_600, 6),
        pytest.param(10_000, 10, "scattered", 2_000, 8, marks=pytest.mark.slow),
        pytest.param(10_000, 1_000, "outage", 3_200, 6, marks=pytest.mark.slow),
        pytest.param(10_000, 1_000, "scattered", 55_000, 8, marks=pytest.mark.slow),
        pytest.param(10_000, 5_000, "outage", 15_000, 9, marks=pytest.mark.slow),
        pytest.param(100_000, 10, "outage", 300, 3, marks=pytest.mark.slow),
        pytest.param(100_000, 10, "scattered", 3_000, 9, marks=pytest.mark.slow),
        pytest.param(100_000, 1_000, "outage", 3_200, 7, marks=pytest.mark.slow),
        pytest.param(100_000, 1_000, "scattered", 130_000, 9, marks=pytest.mark.slow),
        pytest.param(100_000, 50_000, "outage", 160_000, 12, marks=pytest.mark.slow),
        pytest.param(100_000, 50_000, "scattered", 700_000, 16, marks=pytest.mark.slow),
    ],
)
def test_what_finding_the_difference_costs(
    size: int, differing: int, pattern: str, most_bytes: int, depth: int
) -> None:
    """Bytes of RANGE and WANT both ways, and trips one way, on sets that are always the same;
    docs and bench/README.md give what these bars come from."""
    a, b = two_sets(size, differing, pattern)
    played = reconcile(a, b, 4096)
    assert len(played.union) == size + differing // 2
    assert played.total_bytes <= most_bytes
    assert played.depth <= depth


@pytest.mark.parametrize(("behind", "depth"), [(0, 2), (1, 4)])
def test_who_was_away_alone_learns_it_at_once(behind: int, depth: int) -> None:
    """Where only one side has news, bytes of a few frames tell which, whoever opens."""
    old = keys("old", 5000)
    sides = [old + keys("new", 800, 7000), old][:: 1 if behind else -1]
    played = reconcile(sides[0], sides[1], 4096)
    assert played.total_bytes < 1_000
    assert played.depth <= depth


def test_equal_sets_say_nothing() -> None:
    """An opening that the peer agrees with is answered with nothing at all."""
    same = keys("same", 500)
    opening = Range(Class.PEOPLE, b"", Snapshot(SALT, Order(same)).opening(64))
    assert Snapshot(SALT, Order(same)).answer(opening, 99, 64).is_none


def test_an_opening_lists_the_newest_and_compares_the_rest() -> None:
    """Up to eight ids are listed; behind them stretches four times as long as the last, the
    oldest taking what is left."""
    small = Snapshot(SALT, Order(keys("small", OPENING_ITEMS))).opening(64)
    assert small == (IdList(b"", b"".join(short_id(SALT, k[4:]) for k in keys("small", 8))),)
    made = keys("large", 1000)
    large = Snapshot(SALT, Order(made)).opening(64)
    assert [type(part) for part in large] == [*[Fingerprint] * 4, IdList]
    bounds = [int.from_bytes(part.high, "big") - 1000 for part in large[:-1]]
    assert bounds == [1000 - 8 - 8 - 32 - 128, 1000 - 8 - 8 - 32, 1000 - 8 - 8, 1000 - 8]


def test_a_differing_stretch_is_split_in_four_or_listed() -> None:
    """Without news beside it a stretch of 17 ids is split, one of 16 told as a list."""
    for count, kinds in ((LEAF_ITEMS + 1, [Fingerprint] * 4), (LEAF_ITEMS, [IdList])):
        own = Snapshot(SALT, Order(keys("own", count)))
        heard = Range(Class.PEOPLE, b"", (Fingerprint(b"", b"other."),))
        ((_, parts),) = own.answer(heard, 99, 64).stretches
        assert [type(part) for part in parts] == kinds


def test_news_in_a_list_makes_what_is_beside_it_a_list_too() -> None:
    """Next to a list of ids unknown here, eight times as many as it has are listed at once."""
    own = Snapshot(SALT, Order(keys("own", 400)))
    cut = sort_key(1390, b"")
    fingerprint = Fingerprint(cut, b"other.")
    news = b"".join(short_id(SALT, key[4:]) for key in keys("their", 10))
    low = Fingerprint(sort_key(1100, b""), b"older.")
    heard = Range(Class.PEOPLE, b"", (low, fingerprint, IdList(b"", news)))
    ((_, parts),) = own.answer(heard, 1000, 64).stretches
    beside = [p for p in parts if isinstance(p, IdList) and p.high > low.high]
    assert sum(len(part.short_ids) for part in beside) == 5 * 8 * (10 + 10)


def test_on_a_slow_link_the_rest_waits_behind_the_newest_part() -> None:
    """An answer cuts the newest part that differs and puts what is older apart, given back as it
    is; on a fast link all is cut at once."""
    own = Snapshot(SALT, Order(keys("own", 400)))
    bounds = [sort_key(1100 + 100 * n, b"") for n in range(3)]
    parts = tuple(Fingerprint(bound, b"other.") for bound in (*bounds, b""))
    heard = Range(Class.PEOPLE, b"", parts)
    (_, older), (low, newer) = own.answer(heard, 99, 64, slow=True).stretches
    assert [part.high for part in older] == bounds[:2]
    assert low == bounds[1]
    assert len(newer) == 1 + 4
    ((_, everything),) = own.answer(heard, 99, 64).stretches
    assert len(everything) == 16


def test_lists_that_would_send_too_much_are_split_first() -> None:
    """A short list against thousands of ids makes nobody queue more than a thousand."""
    own = Snapshot(SALT, Order(keys("own", 3000)))
    difference = own.answer(Range(Class.PEOPLE, b"", (IdList(b"", b""),)), 10, 64)
    assert difference.send == ()
    assert len(difference.stretches) == 1


def test_an_empty_set_asks_for_everything() -> None:
    """A node that holds nothing sends an empty list, and is sent all."""
    full = keys("full", 200)
    opening = Range(Class.PEOPLE, b"", Snapshot(SALT, Order([])).opening(64))
    difference = Snapshot(SALT, Order(full)).answer(opening, 10, 64)
    assert sorted(id_ for _, id_ in difference.send) == sorted(key[4:] for key in full)
    assert difference.want == ()


def test_what_a_frame_listed_is_found_again() -> None:
    """The ids of the lists of a RANGE, and no others, come back from the set."""
    own = Snapshot(SALT, Order(keys("own", 100)))
    said = Range(Class.PEOPLE, b"", own.opening(64))
    newest = [(short_id(SALT, key[4:]), key[4:]) for key in keys("own", 100)[-8:]]
    assert list(own.listed(said)) == newest


def test_root_sum_follows_the_set_in_any_order() -> None:
    """Ids may come and go in any order: equal sets have equal roots, others do not."""
    ids = [key[4:] for key in keys("root", 50)]
    a, b = RootSum(), RootSum()
    for id_ in ids:
        a.add(id_)
    for id_ in [*reversed(ids), bytes(32)]:
        b.add(id_)
    assert a.fingerprint(SALT) != b.fingerprint(SALT)
    b.remove(bytes(32))
    assert (a.count, a.fingerprint(SALT)) == (b.count, b.fingerprint(SALT))


def test_fingerprints_change_with_every_session() -> None:
    """The salt comes from both nonces, whichever way round, and changes every fingerprint."""
    other = session_salt(b"c" * 16, b"b" * 16)
    assert session_salt(b"b" * 16, b"a" * 16) == SALT
    same = keys("salted", 40)
    root = RootSum()
    root.add(same[0][4:])
    assert root.fingerprint(SALT) != root.fingerprint(other)
    assert Snapshot(SALT, Order(same)).opening(64) != Snapshot(other, Order(same)).opening(64)
    assert short_id(SALT, same[0][4:]) != short_id(other, same[0][4:])


def test_two_equal_keys_are_our_own_mistake() -> None:
    """A set that holds a key twice can't be split: it is refused loudly."""
    key_ = keys("twice", 1)[0]
    with pytest.raises(AssertionError, match="two equal keys"):
        Snapshot(SALT, Order([key_] * 40)).opening(64)
