"""The desk's boards: what they list and cover, when they are due, and that they fit."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holub_crypto import cbor
from holub_crypto.trust import Reach
from holub_protocol.adopted import NOBODY, Points
from holub_protocol.areas import EVERYWHERE, ukraine
from holub_protocol.desk import BODY_BYTES, board_due_s, compose_board, same_view
from holub_protocol.kinds.alert import Verb
from holub_protocol.kinds.board import COVERS_MAX, GAPS_MAX, BoardBody, Cover, Gap, bitmap_of
from holub_protocol.truth import Charge, Level, Truth
from support_alerts import START_S, Desk, at

TREE = ukraine()
OBLAST, KYIV = 30281, 93317
RAION, NEIGHBOUR = TREE.children(OBLAST)[:2]
HROMADA = TREE.children(RAION)[0]
T = START_S
CHARGES = (Charge(1, 0, (EVERYWHERE,), ()), Charge(2, 1, (OBLAST,), ()))


class Scene:
    """Two desks of one authority, and the truth that the first of them has."""

    def __init__(self) -> None:
        """Nothing has been said."""
        self.truth = Truth(TREE, CHARGES)
        self.own, self.other = Desk(1, 2), Desk(2, 2)

    def compose(self, *, adopt: Points = NOBODY, body_bytes: int = BODY_BYTES) -> BoardBody:
        """The board that the first desk would sign."""
        return compose_board(self.truth, 2, self.own.key, TREE, adopt=adopt, body_bytes=body_bytes)


@pytest.fixture
def scene() -> Scene:
    """A fresh scene."""
    return Scene()


def test_a_quiet_desk_lists_nothing(scene: Scene) -> None:
    """With nothing said the board is only a promise, half a minute beyond the rhythm."""
    assert scene.compose() == BoardBody(330)


def test_a_board_lists_what_stands_by_whoever_said_it(scene: Scene) -> None:
    """Words of one message go together, with its key and point, and only the authority's own."""
    mine = scene.own.start((RAION, NEIGHBOUR), T)
    theirs = scene.other.start((RAION,), T + 5, hazard=8)
    nation = Desk(3, 1)
    scene.own.tell(scene.truth, mine)
    scene.other.tell(scene.truth, theirs)
    nation.tell(scene.truth, nation.start((OBLAST,), T))
    first, second = scene.compose().words
    assert (first.kid, first.point, first.incident) == (b"", mine.point, mine.id[:8])
    assert first.areas == tuple(sorted([RAION, NEIGHBOUR]))
    assert (second.kid, second.hazard, second.areas) == (scene.other.kid, 8, (RAION,))
    assert scene.compose().covers == (Cover(scene.other.kid, 0, 0),)


def test_a_key_is_covered_up_to_its_newest_board(scene: Scene) -> None:
    """Not up to its newest alert: alerts before that one may be missing here."""
    scene.other.tell(scene.truth, scene.other.start((RAION,), T))
    board = scene.other.message(BoardBody(330), OBLAST, T + 60)
    scene.other.tell(scene.truth, board, scene.other.start((NEIGHBOUR,), T + 90))
    body = scene.compose()
    assert body.covers == (Cover(scene.other.kid, *board.point),)
    assert [word.areas for word in body.words] == [(NEIGHBOUR,)]


def test_what_a_sibling_may_have_lost_is_not_covered(scene: Scene) -> None:
    """Its gaps are told with the own ones; an adopted key has none up to where it was adopted, and
    one whose gaps find no room is not covered."""
    mine, theirs = Gap(b"", T, 1, T + 9), Gap(b"", T, 2, T + 60)
    board = scene.other.message(BoardBody(330, gaps=(theirs,)), OBLAST, T + 60)
    scene.other.tell(scene.truth, board)

    def composed(adopt: Points = NOBODY, own: tuple[Gap, ...] = (mine,)) -> BoardBody:
        return compose_board(scene.truth, 2, scene.own.key, TREE, adopt=adopt, gaps=own)

    assert composed().gaps == (mine, replace(theirs, kid=scene.other.kid))
    adopted = {scene.other.kid: board.point}
    assert composed(adopt=adopted).gaps == (mine,)
    assert composed().covers == composed(adopt=adopted).covers != ()
    assert composed(adopt={scene.other.kid: (T, 0)}) == composed()
    full = tuple(replace(mine, until_s=T + n) for n in range(1, GAPS_MAX + 1))
    assert (composed(own=full).gaps, composed(own=full).covers) == (full, ())


def test_what_is_past_its_lifetime_is_still_listed(scene: Scene) -> None:
    """Else the desk's own board would turn an expired alert into an all-clear."""
    scene.other.tell(scene.truth, scene.other.start((RAION,), T, lifetime_s=60))
    assert scene.truth.status(RAION, at(T + 10**6)).level is Level.UNKNOWN
    assert [word.areas for word in scene.compose().words] == [(RAION,)]


def test_boards_do_not_keep_each_others_echo_alive(scene: Scene) -> None:
    """When a desk drops an area, both desks' next boards drop it, though each listed it."""
    start = scene.own.start((RAION, NEIGHBOUR), T)
    scene.own.tell(scene.truth, start)
    for turn in range(2):
        body = compose_board(scene.truth, 2, scene.other.key, TREE)
        scene.other.tell(scene.truth, scene.other.message(body, OBLAST, T + 60 + turn))
        scene.own.tell(scene.truth, scene.own.message(scene.compose(), OBLAST, T + 70 + turn))
    update = scene.own.alert(Verb.UPDATE, (RAION,), T + 90, (start.id[:8],))
    scene.own.tell(scene.truth, update)
    assert [word.areas for word in scene.compose().words] == [(RAION,)]


def test_words_in_doubt_are_left_to_a_person(scene: Scene) -> None:
    """The board neither lists them nor covers their key, so they stay unknown."""
    start = scene.other.start((RAION,), T)
    board = scene.other.message(BoardBody(330), OBLAST, T - 60)
    scene.other.tell(scene.truth, board, start)
    assert scene.compose().covers == (Cover(scene.other.kid, *board.point),)
    scene.truth.set_doubted([start.id])
    assert scene.compose() == BoardBody(330)
    scene.own.tell(scene.truth, scene.own.message(scene.compose(), OBLAST, T + 60))
    assert scene.truth.status(RAION, at(T + 60)).level is Level.UNKNOWN


def test_a_desk_that_told_bits_is_not_covered_unless_adopted(scene: Scene) -> None:
    """Its words have no names to list: they stay until its next board, or until the operator
    answers for a desk that is lost."""
    bits = bitmap_of(frozenset([RAION]), TREE.board_order)
    start = scene.other.start((NEIGHBOUR,), T - 5)
    told = scene.other.message(BoardBody(330, (), (), ((1, bits),)), OBLAST, T)
    observer = Truth(TREE, CHARGES)
    scene.other.tell(observer, start, told)
    scene.other.tell(scene.truth, told)
    assert scene.compose() == BoardBody(330)
    adopted = scene.compose(adopt=scene.truth.last_points(2))
    assert adopted.covers == (Cover(scene.other.kid, *told.point),)
    scene.own.tell(observer, scene.own.message(scene.compose(), OBLAST, T + 60))
    assert observer.status(RAION, at(T + 60)).level is Level.ALERT
    scene.own.tell(observer, scene.own.message(adopted, OBLAST, T + 61))
    assert observer.status(RAION, at(T + 61)).level is Level.UNKNOWN
    assert observer.open_words(2) == ()


def test_50_incidents_fit_by_name_and_the_worst_day_by_bits(scene: Scene) -> None:
    """On record 73 alerts were on at once, in the whole country; then bits tell the areas."""
    named = 0
    for number, area in enumerate(TREE.board_order[:73]):
        scene.own.tell(scene.truth, scene.own.start((area,), T + number))
        body = scene.compose()
        assert len(cbor.encode(body.to_wire())) <= BODY_BYTES
        named = number + 1 if body.words else named
    assert named == 50
    assert body.all_areas(TREE.board_order) == TREE.board_order[:73]


def test_bits_widen_what_has_none(scene: Scene) -> None:
    """A hromada is told as its raion, and everywhere as every area: never less than holds."""
    scene.own.tell(scene.truth, scene.own.start((HROMADA,), T))
    assert scene.compose(body_bytes=27).all_areas(TREE.board_order) == (RAION,)
    scene.own.tell(scene.truth, scene.own.start((EVERYWHERE,), T))
    assert scene.compose(body_bytes=31).all_areas(TREE.board_order) == TREE.board_order


def test_covers_give_way_before_words_do(scene: Scene) -> None:
    """With too many desks the oldest boards are not covered; with too little room, none."""
    for number in range(COVERS_MAX + 3):
        desk = Desk(10 + number, 2)
        desk.tell(scene.truth, desk.message(BoardBody(330), OBLAST, T + number))
    covers = scene.compose().covers
    assert sorted(cover.created_s for cover in covers) == [T + n for n in range(3, 35)]
    scene.own.tell(scene.truth, scene.own.start((RAION,), T))
    scene.other.tell(scene.truth, scene.other.start((NEIGHBOUR,), T))
    tight = scene.compose(body_bytes=29)
    assert tight.covers == ()
    assert tight.all_areas(TREE.board_order) == tuple(sorted([RAION, NEIGHBOUR]))


def test_when_even_bits_do_not_fit_the_operator_is_told(scene: Scene) -> None:
    """Words of other keys, which it need not cover, go first; then the desk must clear some."""
    for hazard in range(1, 9):
        scene.other.tell(scene.truth, scene.other.start((KYIV,), T, hazard=hazard))
    assert scene.compose(body_bytes=60) == BoardBody(330)
    for hazard in range(1, 9):
        scene.own.tell(scene.truth, scene.own.start((KYIV,), T, hazard=hazard))
    with pytest.raises(ValueError, match="8 hazards do not fit"):
        scene.compose(body_bytes=60)


def test_words_of_very_many_keys_become_bits(scene: Scene) -> None:
    """A board names at most 32 other keys; words of more of them are told as bits."""
    for number in range(COVERS_MAX + 1):
        desk = Desk(10 + number, 2)
        desk.tell(scene.truth, desk.start((RAION,), T))
    body = scene.compose(body_bytes=10**4)
    assert (body.words, body.all_areas(TREE.board_order)) == ((), (RAION,))


def test_two_boards_that_differ_in_covers_tell_the_same(scene: Scene) -> None:
    """Else two desks would answer each other's boards for ever."""
    quiet = scene.compose()
    scene.other.tell(scene.truth, scene.other.message(BoardBody(330), OBLAST, T))
    assert scene.compose() != quiet
    assert same_view(scene.compose(), quiet)
    scene.other.tell(scene.truth, scene.other.start((RAION,), T + 1))
    assert not same_view(scene.compose(), quiet)


def test_a_board_is_due_on_change_in_time_and_never_in_a_burst() -> None:
    """At once when there was none or something changed, else after 300 s, 2 s apart at least."""
    assert board_due_s(None, changed=False, now_s=T) == T
    assert board_due_s(T, changed=False, now_s=T + 10) == T + 300
    assert board_due_s(T, changed=True, now_s=T + 10) == T + 10
    assert board_due_s(T, changed=True, now_s=T) == T + 2


@settings(max_examples=50)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from(TREE.board_order)), max_size=30))
def test_every_board_is_in_the_accepted_form(starts: list[tuple[bool, int]]) -> None:
    """Whatever holds, the composed board is read back as it was written."""
    scene = Scene()
    for number, (own, area) in enumerate(starts):
        desk = scene.own if own else scene.other
        desk.tell(scene.truth, desk.start((area,), T + number))
    for body_bytes in (BODY_BYTES, 100):
        body = scene.compose(body_bytes=body_bytes)
        assert BoardBody.from_wire(body.to_wire()) == body
        assert set(body.all_areas(TREE.board_order)) == {area for _, area in starts}


def test_changes_never_use_up_the_keys_hour() -> None:
    """At a change every 2 s an hour takes 413 boards of the 1,000 messages, 43 of 100."""
    for hourly, expected in ((1000, 413), (100, 43)):
        signed: list[int] = []
        for second in range(T, T + 3600):
            last_s = signed[-1] if signed else None
            due = board_due_s(last_s, True, second, signed=len(signed), hourly=hourly)
            if due <= second:
                signed.append(second)
        assert len(signed) == expected <= hourly / 2
    assert board_due_s(T, changed=True, now_s=T, signed=9, hourly=1) == T + 300


def test_a_board_leaves_out_what_its_key_may_not_speak_of(scene: Scene) -> None:
    """Another desk's word beyond the reach is not listed, and so the board can be admitted."""
    near, far = scene.other.start((RAION,), T), scene.other.start((NEIGHBOUR,), T)
    flood = scene.other.start((RAION,), T, hazard=3)
    scene.other.tell(scene.truth, near, far, flood)
    reach = (Reach((RAION,), (1,)),)
    body = compose_board(scene.truth, 2, scene.own.key, TREE, reach=reach)
    assert [(word.incident, word.areas) for word in body.words] == [(near.id[:8], (RAION,))]


def test_a_desk_whose_own_alerts_were_dropped_signs_no_board(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its board would end them everywhere; another's is answered for only when adopted."""
    monkeypatch.setattr("holub_protocol.words.WORDS_PER_KEY", 8)
    for number in range(20):
        for desk in (scene.own, scene.other):
            desk.tell(scene.truth, desk.start((RAION,), T + number))
    with pytest.raises(ValueError, match="more alerts of this key hold"):
        scene.compose()
    third = Desk(9, 2)
    last = scene.truth.last_points(2)
    body = compose_board(
        scene.truth, 2, third.key, TREE, adopt={scene.other.kid: last[scene.other.kid]}
    )
    assert {c.kid: c.point for c in body.covers}[scene.other.kid] == last[scene.other.kid]
    third.tell(scene.truth, third.message(body, OBLAST, T + 60))
    assert scene.truth.lost_areas(2, scene.other.kid) == ()
    assert scene.truth.lost_areas(2, scene.own.kid) == (RAION,)
    scene.compose(adopt={scene.own.kid: last[scene.own.kid]})
    with pytest.raises(ValueError, match="holub board --adopt"):
        scene.compose(adopt={scene.own.kid: (T, 0)})
