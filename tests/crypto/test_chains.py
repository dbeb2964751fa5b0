"""Lines from a registrar to a key: each grant narrows, and each revocation cuts its own."""

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holub_crypto.chains import (
    DEPTH_MAX,
    GRANTS_PER_ISSUER,
    LINES_PER_REGISTRAR,
    Chains,
    Denial,
    Grant,
    Revocation,
    allows,
    narrows,
    within,
)
from holub_crypto.charter import Charter
from holub_crypto.identity import Identity

COUNTRY, CITY, DISTRICT, ABROAD = 1, 10, 100, 2
BELOW = {0: (0, COUNTRY, CITY, DISTRICT, ABROAD), COUNTRY: (CITY, DISTRICT), CITY: (DISTRICT,)}
ROOT, R1, R2, A, B, C, D = (Identity.from_seed(bytes([n]) * 32).public for n in range(1, 8))
END_S = 1_800_000_000
WIDE = Grant(A, 2, (5, 6, 9), (1, 3), (CITY, ABROAD), 1, 100, END_S, 2)


def covers(scope: int, area: int) -> bool:
    """Tell whether an area is a scope or lies in it."""
    return area == scope or area in BELOW.get(scope, ())


def charter(*registrars: bytes, revoked: tuple[bytes, ...] = ()) -> Charter:
    """Return a charter in force with these registrars."""
    return Charter(
        name="Realm", version=1, created_s=0, previous=b"", threshold=1, roots=(ROOT,),
        registrars=tuple(sorted(registrars)), authorities=(), registry=bytes(32),
        revoked=tuple(sorted(revoked)),
    )  # fmt: skip


def chains(*grants: tuple[bytes, bytes, int], of: tuple[bytes, ...] = (R1, R2)) -> Chains:
    """Return chains with grants (issuer, subject, depth), each with the id of its place."""
    made = Chains(covers)
    made.govern(charter(*of))
    for number, (issuer, subject, depth) in enumerate(grants):
        grant = replace(WIDE, subject=subject, depth=depth)
        made.add_grant(bytes([number]) * 32, grant, issuer, number)
    return made


def ways(made: Chains, key: bytes) -> list[tuple[bytes, ...]]:
    """Return the keys of each line to a key, without the key itself."""
    return [line.keys[:-1] for line in made.lines(key)]


@pytest.mark.parametrize(
    ("changes", "denial"),
    [
        ({}, None),
        ({"depth": 0, "rate": 1, "cls": 3, "kinds": (5,), "hazards": (3,)}, None),
        ({"areas": (DISTRICT,), "not_after_s": 1, "kinds": (), "hazards": ()}, None),
        ({"depth": 2}, Denial.ROLE),
        ({"depth": 3}, Denial.ROLE),
        ({"authority": 1}, Denial.ROLE),
        ({"authority": 3}, Denial.ROLE),
        ({"kinds": (5, 8)}, Denial.KIND),
        ({"cls": 0}, Denial.KIND),
        ({"rate": 101}, Denial.KIND),
        ({"hazards": (1, 2)}, Denial.HAZARD),
        ({"hazards": (0,)}, Denial.HAZARD),
        ({"areas": (CITY, COUNTRY)}, Denial.AREA),
        ({"areas": (0,)}, Denial.AREA),
        ({"not_after_s": END_S + 1}, Denial.ENDED),
    ],
)
def test_a_grant_passed_on_only_narrows(changes: dict[str, object], denial: Denial | None) -> None:
    """Authority, kinds, class, rate, hazards, areas, end and depth: none may grow."""
    child = replace(WIDE, subject=B, depth=1)
    assert narrows(covers, replace(child, **changes), WIDE) is denial  # type: ignore[arg-type]


def test_all_hazards_and_everywhere_pass_on_anything() -> None:
    """0 stands for all of them, in the wider grant only."""
    assert allows((0,), 7)
    assert allows((0,), 0)
    assert not allows((7,), 0)
    assert not allows((), 7)
    assert within(covers, (0,), (0, ABROAD))
    assert not within(covers, (CITY,), (0,))
    assert within(covers, (), ())


def test_a_line_leads_from_a_registrar_in_force() -> None:
    """By each way that there is; without its registrar a line is none."""
    made = chains((R1, A, 2), (A, B, 1), (B, C, 0), (R2, C, 0))
    assert ways(made, C) == [(R2,), (R1, A, B)]
    assert [line.grant and line.grant.subject for line in made.lines(C)] == [C, C]
    assert ways(made, R1) == [()]
    assert made.lines(D) == ()
    made.govern(charter(R2))
    assert ways(made, C) == [(R2,)]
    assert made.lines(R1) == ()
    made.govern(charter(R1, R2, revoked=(A,)))
    assert (ways(made, A), ways(made, C)) == ([], [(R2,)])


def test_a_line_ends_after_three_steps_and_never_turns_back() -> None:
    """Depth falls with each grant; a key is in a line once."""
    made = chains((R1, A, 3), (A, B, 2), (B, C, 1), (C, D, 0))
    assert ways(made, D) == [(R1, A, B, C)]
    assert made.lines(D, 1) == ()
    assert ways(chains((R1, A, 1), (A, B, 1)), B) == []
    assert ways(chains((R1, A, 3), (A, B, 2), (B, A, 1)), A) == [(R1,)]
    assert ways(chains((A, A, 0), (R1, A, 1)), A) == [(R1,)]
    assert chains((A, B, 0), (B, A, 0)).lines(A) == ()


def test_a_grant_that_says_nothing_of_depth_is_passed_on_by_nobody() -> None:
    """It is for its subject alone."""
    plain = Grant(A, 2, (5,), (1,), (CITY,), 1, 100, END_S)
    made = chains((A, B, 0), of=(R1,))
    made.add_grant(b"p" * 32, plain, R1, 0)
    assert (ways(made, A), ways(made, B)) == ([(R1,)], [])


def test_a_line_that_cannot_go_on_hides_no_other() -> None:
    """A thief's line that is shorter and comes first, turns back or is too narrow leaves the
    honest one as it was."""
    made = chains((R1, C, 3), (C, B, 2), (R2, A, 3), (A, B, 2), (B, C, 0))
    assert ways(made, C) == [(R1,), (R2, A, B)]
    made = chains((R2, B, 1), (B, C, 0))
    made.add_grant(bytes(32), replace(WIDE, subject=B, areas=(), depth=1), R1, 0)
    made.add_grant(b"w" * 32, replace(WIDE, subject=B, depth=1), R2, 0)
    assert ways(made, C) == [(R2, B)]
    assert [line.keys[0] for line in made.lines(B)] == [R1, R2]


def test_a_revocation_cuts_the_lines_it_shares() -> None:
    """Issuer, ancestor and the key itself cut; a registrar of another line does not, nor one
    below; what is kept stands."""
    kept = b"k" * 32
    for issuer, cut in ((R1, 1), (A, 1), (B, 2), (R2, 1), (C, 0), (D, 0)):
        made = chains((R1, A, 2), (A, B, 1), (R2, B, 1), (B, C, 0))
        made.add_revocation(b"r" * 32, Revocation(B, 7, 3, (kept[:16],)), issuer)
        lines = made.lines(B)
        cuts = [made.cut(line.keys, b"m" * 32) for line in lines]
        assert [found.point for found in cuts if found] == [(7, 3)] * cut
        assert all(made.cut(line.keys, kept) is None for line in lines)
        assert len(made.lines(C)) == 2 - cut
        made.drop(b"r" * 32)
        assert len(made.lines(C)) == 2


def test_below_a_key_is_whoever_a_line_may_lead_to() -> None:
    """Children and theirs, standing or not; nobody beside or above."""
    made = chains((R1, A, 2), (A, B, 1), (B, C, 0), (R2, D, 0))
    assert set(made.below(A)) == {A, B, C}
    assert made.below(C) == (C,)
    longest = chains((C, D, 0), (B, C, 1), (A, B, 2), (R1, A, DEPTH_MAX))
    assert set(longest.below(A)) == {A, B, C, D}
    assert len(ways(longest, D)) == 1


def test_relays_are_the_keys_that_speak_for_no_authority() -> None:
    """Each counts once, however many grants it has, and no longer than it has one."""
    made = chains((R1, A, 0))
    assert made.relays == 0
    for number, key in enumerate((B, B, C)):
        made.add_grant(bytes([9, number]), replace(WIDE, subject=key, authority=0), R1, 0)
        assert made.relays == (1, 1, 2)[number]
    for number, left in ((0, 2), (1, 1), (2, 0)):
        made.drop(bytes([9, number]))
        assert made.relays == left


def test_a_kept_grant_goes_on() -> None:
    """The grants that a lost key gave fall with it, but for those that are kept."""
    made = chains((R1, A, 2), (A, B, 0), (A, C, 0))
    made.add_revocation(b"r" * 32, Revocation(A, 7, 3, (bytes([1]) * 16,)), R1)
    assert (ways(made, B), ways(made, C)) == ([(R1, A)], [])


@pytest.mark.parametrize(("upper", "lower"), [(A, B), (B, A)])
def test_a_revocation_of_the_revoker_ends_what_it_revoked(upper: bytes, lower: bytes) -> None:
    """Unless it is kept, or the key revoked itself: nobody undoes that."""
    for kept, issuer, cut in (((), upper, False), ((b"r" * 16,), upper, True), ((), lower, True)):
        made = chains((R1, upper, 2), (upper, lower, 0), of=(R1,))
        made.add_revocation(b"r" * 32, Revocation(lower, 0, 0), issuer)
        keep = (bytes([1]) * 16, *kept)
        made.add_revocation(b"s" * 32, Revocation(upper, 0, 0, tuple(sorted(keep))), R1)
        assert (made.cut((R1, upper, lower), b"m" * 32) is not None) is cut


def test_nobody_crowds_out_anothers_grants() -> None:
    """Of one issuer the newest that stand are looked at, of one registrar the shortest lines."""
    made = Chains(covers)
    made.govern(charter(R1, R2))
    made.add_grant(b"\0honest" + bytes(25), replace(WIDE, subject=C, rate=7), R2, 0)
    for number in range(100):
        grant = replace(WIDE, subject=C, rate=number)
        made.add_grant(number.to_bytes(32), grant, R1, number)
    rates = [line.grant.rate for line in made.lines(C) if line.grant]
    assert len(rates) == GRANTS_PER_ISSUER + 1
    assert {7, *range(92, 100)} == set(rates)
    # A thief's many grants are cut before they are counted.
    keep = ((5).to_bytes(32)[:16],)
    assert keep[0] == bytes(16)
    made.add_revocation(b"r" * 32, Revocation(R1, 0, 0), R1)
    assert [line.keys for line in made.lines(C)] == [(R2, C)]
    for number in range(30):
        between = bytes([100 + number]) * 32
        made.add_grant(b"b" + number.to_bytes(31), replace(WIDE, subject=between), R2, 0)
        for again in range(GRANTS_PER_ISSUER):
            below = replace(WIDE, subject=C, depth=0)
            made.add_grant(b"c" + bytes([number, again]) * 15 + b"c", below, between, 0)
    assert len(made.lines(C)) == LINES_PER_REGISTRAR
    assert made.lines(C)[0].keys == (R2, C)


GRANTS = [(R1, A, 2), (A, B, 1), (R2, B, 1), (B, C, 0), (A, C, 0)]
REVOKED = [(A, R1), (B, A), (B, B), (C, A)]


@given(st.permutations(range(len(GRANTS) + len(REVOKED))))
def test_what_stands_does_not_depend_on_the_order(order: list[int]) -> None:
    """Grants and revocations are sets: in whatever order they come, and with the ids that they
    have, the lines and the cuts are the same."""

    def of(numbers: list[int]) -> list[object]:
        made = Chains(covers)
        made.govern(charter(R1, R2))
        for number in numbers:
            id_ = bytes([number]) * 32
            if number < len(GRANTS):
                issuer, subject, depth = GRANTS[number]
                made.add_grant(id_, replace(WIDE, subject=subject, depth=depth), issuer, number)
            else:
                key, issuer = REVOKED[number - len(GRANTS)]
                keep = (bytes([3]) * 16, bytes([4]) * 16)
                made.add_revocation(id_, Revocation(key, 0, 0, keep), issuer)
            made.lines(C)  # what is asked in between changes nothing
        lines = [line for key in (A, B, C) for line in made.lines(key)]
        return [(line, made.cut(line.keys, b"m" * 32) is None) for line in lines]

    assert of(order) == of(sorted(order))


def test_every_order_of_a_theft_ends_the_same() -> None:
    """Grant, delegation and revocation by hand, in all six orders."""
    for order in permutations(range(3)):
        made = Chains(covers)
        made.govern(charter(R1))
        for step in order:
            if step == 0:
                made.add_grant(bytes(32), replace(WIDE, subject=A), R1, 0)
            elif step == 1:
                made.add_grant(b"1" * 32, replace(WIDE, subject=B, depth=1), A, 1)
            else:
                made.add_revocation(b"2" * 32, Revocation(A, 0, 0), R1)
        assert ways(made, B) == []
        assert made.subjects() in ((A, B), (B, A))
        assert made.grant_ids(B) == (b"1" * 32,)
