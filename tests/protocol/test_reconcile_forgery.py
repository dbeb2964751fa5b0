"""Ids made so that fingerprints meet: plain ones hide an alert, ours show it.

The attacker hands some of his messages to A and others to B, so that A, who also holds an alert,
and B, who does not, have equal fingerprints and believe that they hold the same.
"""

import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import blake2b
from itertools import count
from random import Random

import pytest

from holub_protocol.frames import Range, encode
from holub_protocol.holdings import Holdings
from holub_protocol.kinds import Class
from holub_protocol.kinds.endorse import EndorseBody
from holub_protocol.message import Now
from holub_protocol.order import Order, sort_key
from holub_protocol.reconcile import (
    Snapshot,
    list_items,
    pack,
    session_salt,
    short_id,
)
from holub_protocol.storage import Row, State
from support_negentropy import Item, Negentropy, fingerprint, reconcile
from support_realm import START_S, Box, Pair, Realm, decoded, key, now_at

Forgery = tuple[list[bytes], list[bytes]]
SALT = session_salt(b"a" * 16, b"b" * 16)
ALERT = blake2b(b"the alert to hide", digest_size=32).digest()
FRAME_BYTES = 512
SUM_BITS = 56
TREE_LEVELS = 4


# --- the attacks ----------------------------------------------------------------------------


def candidates(name: str) -> Iterator[bytes]:
    """Yield ids as an attacker makes them: hashes of messages with a nonce each."""
    for nonce in count():
        yield blake2b(f"{name} {nonce}".encode(), digest_size=32).digest()


def cancel_xor(hidden: bytes, pool: list[bytes]) -> Forgery:
    """Choose from `pool` for A and for B, so that A with `hidden` and B agree in XOR and count.

    Gaussian elimination over GF(2): the XOR of all chosen must be `hidden`, and their number odd,
    B's one more than A's. Some 270 candidates nearly always do. Raises ValueError if they do not.
    """
    parity = 1 << 256
    rows: dict[int, tuple[int, int]] = {}

    def reduced(vector: int, members: int) -> tuple[int, int]:
        while vector and (row := rows.get(vector.bit_length())):
            vector, members = vector ^ row[0], members ^ row[1]
        return vector, members

    for number, id_ in enumerate(pool):
        vector, members = reduced(parity | int.from_bytes(id_, "big"), 1 << number)
        if vector:
            rows[vector.bit_length()] = vector, members
    rest, members = reduced(parity | int.from_bytes(hidden, "big"), 0)
    if rest:
        raise ValueError(f"{len(pool)} candidates do not span the hidden id")
    chosen = [id_ for number, id_ in enumerate(pool) if members >> number & 1]
    return chosen[: len(chosen) // 2], chosen[len(chosen) // 2 :]


Tree = tuple["Tree", "Tree"] | bytes
Sums = list[tuple[int, Tree]]


def merged(left: Sums, right: Sums, low_bits: int) -> Sums:
    """Return the pairs whose sums end in `low_bits` zeroes."""
    mask = (1 << low_bits) - 1
    by_end: dict[int, Sums] = {}
    for entry in right:
        by_end.setdefault(-entry[0] & mask, []).append(entry)
    return [
        (total + other, (tree, branch))
        for total, tree in left
        for other, branch in by_end.get(total & mask, ())
    ]


def leaves(tree: Tree) -> Iterator[bytes]:
    """Yield the ids of a tree from left to right."""
    if isinstance(tree, bytes):
        yield tree
    else:
        yield from leaves(tree[0])
        yield from leaves(tree[1])


def cancel_sum(hidden: bytes, bits: int, levels: int) -> Forgery:
    """Choose ids for A and for B, so that A with `hidden` and B agree in count and in the sum
    mod 2**bits: Wagner's generalised birthday attack (CRYPTO 2002) on 2**levels lists.

    Lists of 2**(bits / (levels + 1)) ids lose as many bits at each merge. A's ids count up, B's
    down. 2**128 falls in 13.7 s to 128 lists and vectorised code; here the modulus is smaller.
    """
    width = -(-bits // (levels + 1))
    ids, lists, modulus = candidates("tree"), 1 << levels, 1 << bits
    while True:
        ballast = next(ids)
        offset = int.from_bytes(hidden, "big") - int.from_bytes(ballast, "big")
        rows: list[Sums] = []
        for number in range(lists):
            sign, start = (1, 0) if number % 2 else (-1, 0 if number else offset)
            made = (next(ids) for _ in range(1 << width))
            rows.append([((start + sign * int.from_bytes(i, "big")) % modulus, i) for i in made])
        for level in range(1, levels + 1):
            low_bits = bits if level == levels else width * level
            rows = [merged(a, b, low_bits) for a, b in zip(rows[::2], rows[1::2], strict=True)]
        if rows[0]:
            chosen = list(leaves(rows[0][0][1]))
            return chosen[1::2], [*chosen[::2], ballast]


# --- what they fool -------------------------------------------------------------------------


def plain_xor(ids: Iterable[bytes]) -> tuple[int, int]:
    """Return the fingerprint of several protocols: all ids by XOR, and their number."""
    total = number = 0
    for id_ in ids:
        total, number = total ^ int.from_bytes(id_, "big"), number + 1
    return total, number


def plain_sum(ids: Iterable[bytes], bits: int = SUM_BITS) -> tuple[int, int]:
    """Return all ids by plain addition, and their number."""
    held = [int.from_bytes(id_, "big") for id_ in ids]
    return sum(held) % (1 << bits), len(held)


@cache
def xor_forgery() -> Forgery:
    """Return what the attacker gives to A and B where ids are XORed."""
    ids = candidates("xor")
    return cancel_xor(ALERT, [next(ids) for _ in range(280)])


@cache
def sum_forgery() -> Forgery:
    """Return what the attacker gives to A and B where ids are added."""
    return cancel_sum(ALERT, SUM_BITS, TREE_LEVELS)


FORGERIES = {"xor": (xor_forgery, plain_xor), "sum": (sum_forgery, plain_sum)}


@pytest.fixture(params=sorted(FORGERIES))
def sets(request: pytest.FixtureRequest) -> Forgery:
    """A's and B's ids under each attack, honest ones in common among them; only A has the alert.

    That the plain fingerprint is fooled is checked here, or the tests would show nothing.
    """
    forge, plain = FORGERIES[request.param]
    for_a, for_b = forge()
    honest = candidates("honest")
    shared = [next(honest) for _ in range(300)]
    a, b = [*shared, *for_a, ALERT], [*shared, *for_b]
    assert ALERT not in b
    assert len(dict.fromkeys(a)) == len(a) == len(b) == len(dict.fromkeys(b))
    assert plain(a) == plain(b)
    return a, b


def holdings(ids: Iterable[bytes]) -> Holdings:
    """Return an index that holds these ids as alerts."""
    index = Holdings(quota_bytes=1 << 30)
    for id_ in ids:
        row = Row(
            id=id_,
            kind=5,
            cls=Class.ALERT,
            signer=key("attacker").public,
            authority=1,
            created_s=START_S + id_[0],
            k=0,
            expires_s=START_S + 86400,
            area=0,
            size_bytes=200,
            state=State.HELD,
            age_s=0,
            received_s=START_S,
            steady_s=0,
        )
        index.add(row, Now(0, START_S, True))
    return index


def healed(a: Holdings, b: Holdings) -> Forgery:
    """Reconcile what two hold: (ids that A sends or B asks for, ids that go the other way)."""
    sides = [index.snapshot(Class.ALERT, SALT) for index in (a, b)]
    room = list_items(FRAME_BYTES)
    from_side: list[list[bytes]] = [[], []]
    opening = pack(Class.ALERT, b"", sides[0].opening(room), FRAME_BYTES)
    queue = [(1, heard) for heard in opening]
    shorts = {short_id(SALT, id_): id_ for index in (a, b) for id_ in index.held_ids(Class.ALERT)}
    while queue:
        side, heard = queue.pop()
        difference = sides[side].answer(heard, len(encode(heard)), room)
        from_side[side] += [id_ for _, id_ in difference.send]
        from_side[1 - side] += [shorts[short] for _, short in difference.want]
        for low, parts in difference.stretches:
            queue += [(1 - side, frame) for frame in pack(Class.ALERT, low, parts, FRAME_BYTES)]
    return from_side[0], from_side[1]


def test_the_root_of_forged_sets_differs(sets: Forgery) -> None:
    """The sum of ids spread to 2048 bits tells the two sets apart where plain ones do not."""
    roots = [holdings(ids).root(Class.ALERT, SALT) for ids in sets]
    assert roots[0][0] == roots[1][0]
    assert roots[0][1] != roots[1][1]


def test_forged_sets_are_reconciled_and_the_alert_arrives(sets: Forgery) -> None:
    """Range by range all that differs is found, the hidden alert with it, and nothing else."""
    a, b = sets
    from_a, from_b = healed(holdings(a), holdings(b))
    assert ALERT in from_a
    assert sorted(from_a) == sorted(dict.fromkeys(a).keys() - dict.fromkeys(b).keys())
    assert sorted(from_b) == sorted(dict.fromkeys(b).keys() - dict.fromkeys(a).keys())


def test_no_salt_makes_forged_sets_look_equal(sets: Forgery) -> None:
    """With every new session the ranges differ again: nothing can be prepared for a salt."""
    whole = [[sort_key(START_S, id_) for id_ in ids] for ids in sets]
    for nonce in (b"b" * 16, b"c" * 16, b"d" * 16):
        salt = session_salt(b"a" * 16, nonce)
        a, b = (Snapshot(salt, Order(keys)) for keys in whole)
        said = Range(Class.ALERT, b"", a.opening(64))
        difference = b.answer(said, 64, 64)
        assert difference.stretches or difference.want or difference.send


def test_ids_that_add_up_alike_are_told_apart() -> None:
    """Even ids chosen freely, which no hash allows, that agree in their sum mod 2**256 and so
    in negentropy's fingerprint: a hash around a plain sum hides no cancellation."""
    ids = [int.from_bytes(next(candidates(name)), "little") for name in ("a", "b", "c")]
    moved = [(ids[0] + 5) % 2**256, (ids[1] - 5) % 2**256, ids[2]]
    a, b = ([number.to_bytes(32, "little") for number in numbers] for numbers in (ids, moved))
    assert fingerprint(a) == fingerprint(b)
    assert holdings(a).root(Class.ALERT, SALT) != holdings(b).root(Class.ALERT, SALT)
    from_a, from_b = healed(holdings(a), holdings(b))
    assert sorted(from_a) == sorted(a[:2])
    assert sorted(from_b) == sorted(b[:2])


def test_an_alert_hidden_by_real_messages_reaches_the_other_node() -> None:
    """A stolen desk's 280 signed messages cancel an alert's id in XOR; it comes all the same."""
    realm = Realm()
    desk, stolen = key("desk"), key("stolen desk")
    alert = realm.start(desk)
    messages = [
        realm.message(stolen, "endorse", EndorseBody(bytes(14) + number.to_bytes(2)), k=number)
        for number in range(280)
    ]
    by_id = {decoded(realm, raw).id: raw for raw in messages}
    hidden = decoded(realm, alert).id
    for_a, for_b = cancel_xor(hidden, list(by_id))
    a, b = Box(realm, "a"), Box(realm, "b")
    grants = [realm.grant(desk.public), realm.grant(stolen.public)]
    for box, given in ((a, for_a), (b, for_b)):
        for raw in [*grants, *map(by_id.__getitem__, given)]:
            assert isinstance(box.node.offer(raw, now_at(0)), bytes)
    a.node.offer(alert, now_at(0))
    held = [list(box.node.holdings.held_ids(Class.ALERT)) for box in (a, b)]
    assert plain_xor(held[0]) == plain_xor(held[1])
    assert hidden not in b.node.holdings
    for box in (a, b):
        box.flush(0)
    Pair(a, b).run(2)
    assert b.store.get(hidden) == alert
    assert a.held() == b.held()


# --- the yardstick --------------------------------------------------------------------------


def two_sets(total: int, differing: int, spread_s: int) -> tuple[list[Item], list[Item]]:
    """Return two sets of random items that share all but `differing` of `total`."""
    rng = Random(total)
    items = sorted((START_S + rng.randrange(spread_s), rng.randbytes(32)) for _ in range(total))
    sides = {number: rng.random() < 0.5 for number in rng.sample(range(total), differing)}
    a = [item for number, item in enumerate(items) if sides.get(number, True)]
    b = [item for number, item in enumerate(items) if not sides.get(number, False)]
    return a, b


@pytest.mark.parametrize(
    ("total", "differing", "spread_s", "digest"),
    [
        (900, 0, 604_800, "930ab363ee7dbe79"),
        (40, 7, 604_800, "45d99a62367f4511"),
        (1200, 60, 5, "03915894b2191459"),
        (2000, 1000, 604_800, "061230e3eebdf347"),
    ],
)
def test_the_yardstick_speaks_as_its_reference_does(
    total: int, differing: int, spread_s: int, digest: str
) -> None:
    """Every byte of our own negentropy is that of the JavaScript reference, whose transcripts'
    digests these are; and the opener learns exactly what differs."""
    a, b = two_sets(total, differing, spread_s)
    opener, other = Negentropy(a, True), Negentropy(b, False)
    said = hashlib.sha256()
    message: bytes | None = opener.opening()
    while message is not None:
        reply = other.answer(message)
        assert reply is not None
        said.update(message + reply)
        message = opener.answer(reply)
    assert said.hexdigest()[:16] == digest
    ours, theirs = dict.fromkeys(i for _, i in a), dict.fromkeys(i for _, i in b)
    assert sorted(opener.have) == sorted(ours.keys() - theirs.keys())
    assert sorted(opener.need) == sorted(theirs.keys() - ours.keys())
    assert reconcile(a, b)[0].have == opener.have
