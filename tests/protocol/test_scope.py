"""How far a key's or a board's word reaches."""

from holub_crypto.charter import ANY_HAZARD
from holub_crypto.trust import Reach, Standing
from holub_protocol.facts import EVERYTHING, Board, Fact, Word
from holub_protocol.kinds.board import BoardBody
from holub_protocol.remnants import remnant_word
from holub_protocol.scope import Scope
from support_alerts import Desk
from support_play import HROMADA, KYIV, NEIGHBOUR, OBLAST, RAION, TREE, T

AIR = 1


def board_of(desk: Desk, covers: dict[bytes, tuple[int, int]], **told: object) -> Board:
    """Return a desk's board with nothing on it but what is told."""
    fact = Fact(desk.message(BoardBody(330), OBLAST, T), desk.key, desk.authority)
    words = told.get("words", {})
    marked = told.get("marked", {})
    assert isinstance(words, dict)
    assert isinstance(marked, dict)
    return Board(fact, covers, words, marked, {})


def test_reach_is_areas_and_hazards() -> None:
    """A reach covers what lies in its areas, and the hazards that it names, or all."""
    scope = Scope(TREE)
    assert scope.in_reach((Reach((RAION,), (AIR,)),), HROMADA, AIR)
    assert not scope.in_reach((Reach((RAION,), (AIR,)),), HROMADA, 2)
    assert scope.in_reach((Reach((RAION,), (ANY_HAZARD,)),), HROMADA, 2)
    assert not scope.in_reach((Reach((RAION,), (ANY_HAZARD,)),), OBLAST, AIR)
    assert scope.within(4_000_000, 4_000_000)
    assert not scope.within(4_000_000, KYIV)


def test_a_board_ends_what_its_key_and_its_authority_reach() -> None:
    """Of its own key's words a board may leave out any; of a sibling's those within its signer's
    grants and its authority's charge, up to where it covers that key."""
    scope, one, two = Scope(TREE), Desk(1, 2), Desk(2, 2)
    word = Word(2, two.kid, T - 5, 1, AIR, b"incident", RAION)
    board = board_of(one, {two.kid: (T - 5, 1)})
    assert scope.leaves_out(board, word)
    assert not scope.leaves_out(board_of(one, {two.kid: (T - 6, 1)}), word)
    assert not scope.leaves_out(board_of(one, {two.kid: (T, 1)}, words={word: None}), word)
    scope.set_standing(one.key, 2, Standing((Reach((NEIGHBOUR,), (ANY_HAZARD,)),)))
    assert not scope.leaves_out(board, word)
    own = Word(2, one.kid, T - 5, 1, AIR, b"incident", RAION)
    assert scope.leaves_out(board_of(one, {one.kid: (T, 0)}), own)
    scope.set_standing(one.key, 2, Standing(EVERYTHING))
    scope.govern({2: Reach((KYIV,), (ANY_HAZARD,))})
    assert not scope.leaves_out(board, word)
    scope.govern({3: Reach((OBLAST,), (ANY_HAZARD,))})
    assert not scope.leaves_out(board, word)


def test_bits_keep_what_lies_below_them_and_end_no_remnant() -> None:
    """A bitmap keeps each word of its hazard whose region or one above has a bit; what is left
    of alerts given up only a board in words ends."""
    scope, one = Scope(TREE), Desk(1, 2)
    covers = {one.kid: (T, 0)}
    word = Word(2, one.kid, T - 5, 1, AIR, b"incident", HROMADA)
    kept = board_of(one, covers, marked={AIR: frozenset({RAION})})
    ended = board_of(one, covers, marked={AIR: frozenset({NEIGHBOUR})})
    assert [scope.leaves_out(board, word) for board in (kept, ended)] == [False, True]
    left = remnant_word(2, one.kid, (T - 5, 1), HROMADA)
    assert not scope.leaves_out(ended, left)
    assert scope.leaves_out(board_of(one, covers), left)
