"""The registrars' trust boards against what is known here."""

import pytest

from holub_protocol.kinds.trustboard import TrustBoardBody, revocations_digest
from holub_protocol.message import Message
from holub_protocol.trustlist import TrustList, TrustView
from support_alerts import START_S, at

ONE, TWO = b"1" * 32, b"2" * 32


def board(*ids: bytes, charter: int = 1, created_s: int = START_S, k: int = 0) -> Message:
    """Return a registrar's board of these revocations."""
    body = TrustBoardBody(charter, len(ids), revocations_digest(ids), 600)
    id_ = created_s.to_bytes(31) + bytes([k])
    return Message(b"", id_, b"", 3, created_s, k, 86_400, 0, body)


def seen(known: dict[bytes, int], *boards: Message, now_s: int = START_S) -> TrustView:
    """Return what a node with charter 2 shows that knows these revocations and boards."""
    told = TrustList()
    for number, one in enumerate(boards):
        told.add(one, b"registrar" + bytes([number % 2]))
    return told.view(2, known, [one.id for one in boards], at(now_s))


def test_without_boards_nothing_is_claimed() -> None:
    """No word of a registrar: no date, and nothing to compare with."""
    assert seen({ONE: START_S}) == TrustView(2, 1, None, False, False)


@pytest.mark.parametrize(
    ("known", "told", "as_of", "withheld"),
    [
        ({}, board(), True, False),
        ({ONE: START_S}, board(ONE), True, False),
        ({}, board(ONE), False, True),
        ({TWO: START_S}, board(ONE), False, True),
        ({ONE: START_S, TWO: START_S + 5}, board(ONE), True, False),
        ({ONE: START_S, TWO: START_S - 5}, board(ONE), False, True),
        ({ONE: START_S + 60}, board(ONE), True, False),
        ({ONE: START_S}, board(ONE, charter=1), True, False),
        ({ONE: START_S}, board(ONE, charter=3), False, True),
    ],
)
def test_what_is_missing_is_seen(
    known: dict[bytes, int], told: Message, as_of: bool, withheld: bool
) -> None:
    """Missing revocations and a newer charter show; what came after the board does not."""
    view = seen(known, told)
    assert (view.as_of_s, view.withheld) == (START_S if as_of else None, withheld)


def test_the_newest_board_decides() -> None:
    """Of one registrar an older one changes nothing, of two the later counts."""
    later = board(ONE, created_s=START_S + 9)
    assert seen({}, board(), later).withheld
    assert seen({}, board(), later).as_of_s == START_S
    assert not seen({ONE: START_S + 1}, board(), later).withheld
    told = TrustList()
    told.add(later, b"one")
    told.add(board(), b"one")
    assert told.view(2, {}, [later.id], at(START_S)).withheld
    assert not told.view(2, {}, [], at(START_S)).withheld


def test_silence_shows() -> None:
    """A minute after it was due the list is late, by a clock that can be relied on."""
    assert not seen({}, board(), now_s=START_S + 660).late
    assert seen({}, board(), now_s=START_S + 661).late
    told = TrustList()
    told.add(board(), b"one")
    assert not told.view(1, {}, [board().id], at(START_S + 661, reliable=False)).late
