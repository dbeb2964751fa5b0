"""Words: what is kept, for how long, and what one key can fill."""

import pytest

from holub_protocol.facts import REMNANT
from holub_protocol.kinds.alert import Verb
from holub_protocol.kinds.board import Listed
from holub_protocol.message import Message
from holub_protocol.words import CONTRADICTIONS, STANDING_PINNED
from support_alerts import DAY_S, Desk
from support_words import KYIV, LVIV, NEIGHBOUR, RAION, TREE, Scene, T, bitmap, board


@pytest.fixture
def scene() -> Scene:
    """A fresh scene."""
    return Scene()


def test_what_is_forgotten_leaves_nothing(scene: Scene) -> None:
    """A flood of incidents that were cleared and deleted fills no memory either."""
    said = []
    for n in range(9):
        start = scene.one.start((KYIV, RAION), T + n)
        update = scene.one.alert(Verb.UPDATE, (KYIV,), T + 20 + n, (start.id[:8],))
        clear = scene.one.alert(Verb.CLEAR, (KYIV,), T + 40 + n, (start.id[:8],))
        said += [start, update, clear]
    said.append(scene.one.message(board(), KYIV, T + 90))
    for message in said:
        scene.say(scene.one, message)
    for message in said:
        scene.words.forget(message.id)
    left = {n: t for n, t in vars(scene.words).items() if isinstance(t, dict) and t}
    assert sorted(left) == ["_above", "_boards"]
    assert left["_boards"] == {2: {scene.one.kid: ()}}


def test_what_still_matters_is_pinned(scene: Scene) -> None:
    """Standing words, what ends a word, and newest boards are kept beyond their lifetime."""
    start = scene.one.start((KYIV,), T)
    scene.say(scene.one, start)
    assert scene.words.pinned(start.id)
    ending = scene.one.alert(Verb.CLEAR, (KYIV,), T + 9, (start.id[:8],))
    scene.say(scene.one, ending)
    assert not scene.words.pinned(start.id)
    assert scene.words.pinned(ending.id)
    scene.words.forget(start.id)
    assert not scene.words.pinned(ending.id)
    newest = scene.one.message(board(), KYIV, T + 60)
    scene.say(scene.one, newest)
    assert scene.words.pinned(newest.id)
    assert not scene.words.pinned(b"never came")


def test_an_update_is_pinned_while_it_replaces_older_words(scene: Scene) -> None:
    """Without it an older and longer-lived start would come back."""
    start = scene.one.start((RAION, NEIGHBOUR), T)
    update = scene.one.alert(Verb.UPDATE, (RAION,), T + 9, (start.id[:8],), lifetime_s=600)
    clear = scene.one.alert(Verb.CLEAR, (RAION,), T + 20, (start.id[:8],))
    for message in (start, update, clear):
        scene.say(scene.one, message)
    assert scene.words.pinned(update.id)


def test_one_place_pins_a_bounded_number_of_words(scene: Scene) -> None:
    """A stolen key that starts without end fills no store: only the newest few are pinned."""
    starts = [scene.one.start((KYIV,), T + n) for n in range(STANDING_PINNED + 3)]
    for start in starts:
        scene.say(scene.one, start)
    pinned = [scene.words.pinned(start.id) for start in starts]
    assert pinned == [False] * 3 + [True] * STANDING_PINNED


def test_only_words_of_one_authority_place_and_hazard_push_one_another_out(scene: Scene) -> None:
    """Who floods one hazard, or another authority's place, unpins nobody else's alert."""
    others = [(scene.one, 2), (scene.chief, 1), (scene.stranger, 1)]
    mine = [desk.start((KYIV,), T, hazard=hazard) for desk, hazard in others]
    for (desk, _), start in zip(others, mine, strict=True):
        scene.say(desk, start)
    for hazard in (1, 3):
        for n in range(STANDING_PINNED + 1):
            scene.say(scene.one, scene.one.start((KYIV,), T + 1 + n, hazard=hazard))
    assert [scene.words.pinned(start.id) for start in mine] == [True] * 3


def test_a_change_tells_what_need_not_be_kept_any_more(scene: Scene) -> None:
    """A clear releases the start, forgetting the start releases the clear, and so on."""
    start = scene.one.start((KYIV, RAION), T)
    half = scene.one.alert(Verb.CLEAR, (KYIV,), T + 8, (start.id[:8],))
    rest = scene.one.alert(Verb.CLEAR, (RAION,), T + 9, (start.id[:8],))
    assert scene.say(scene.one, start).released == ()
    assert scene.say(scene.one, half).released == ()
    assert scene.say(scene.one, rest).released == (start.id,)
    assert sorted(scene.words.forget(start.id)) == sorted([half.id, rest.id])
    starts = [scene.two.start((KYIV,), T + n) for n in range(STANDING_PINNED + 2)]
    released = [scene.say(scene.two, start).released for start in starts]
    assert released == [()] * STANDING_PINNED + [(starts[0].id,), (starts[1].id,)]
    end = scene.say(scene.two, scene.two.message(board(), KYIV, T + 60))
    assert sorted(end.released) == sorted(start.id for start in starts)
    assert scene.words.forget(b"never came") == ()
    for n in (*range(STANDING_PINNED), -9):
        start = scene.one.start((RAION,), T + 90 + n)
        assert scene.say(scene.one, start).released == ()  # the last one was never kept at all


def flood(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> list[Message]:
    """Let a desk start 24 incidents in two regions, where 32 words are kept."""
    monkeypatch.setattr("holub_protocol.words.WORDS_PER_KEY", 32)
    starts = [scene.one.start((KYIV, RAION), T + n) for n in range(24)]
    for start in starts:
        scene.say(scene.one, start)
    return starts


def test_a_key_that_says_too_much_leaves_remnants_and_nothing_clear(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stolen key fills no memory: two words in doubt stand for all that was dropped, until a
    board in words of the key comes, whoever clears or forgets the messages."""
    starts = flood(scene, monkeypatch)
    everything = list(scene.words.standing())
    remnants = [held for held in everything if held.word.hazard == REMNANT]
    assert len(everything) <= 32 + 2
    assert sorted(held.word.area for held in remnants) == sorted([KYIV, RAION])
    assert all(held.shaken for held in remnants)
    source = starts[remnants[0].word.created_s - T]
    assert scene.words.pinned(source.id)
    for start in starts:
        name = (start.id[:8],)
        scene.say(scene.one, scene.one.alert(Verb.CLEAR, (KYIV, RAION), T + 50, name))
        scene.words.forget(start.id)
    assert {area for incident, area in scene.standing() if not incident} == {KYIV, RAION}
    bits = scene.one.message(bitmap(NEIGHBOUR), KYIV, T + 60)
    scene.say(scene.one, bits)
    assert {area for incident, area in scene.standing() if not incident} >= {KYIV, RAION}
    assert len(list(scene.words.remnants(2))) == 2
    assert [*scene.words.remnants(1), *scene.words.remnants(3)] == []
    source = starts[max(r.word.created_s for r in scene.words.remnants(2)) - T]
    end = scene.say(scene.one, scene.one.message(board(), KYIV, T + 70))
    assert scene.standing() == []
    assert source.id in end.released
    assert list(scene.words.remnants(2)) == []


@pytest.mark.parametrize(
    ("areas", "starts", "left"),
    [(1, 33, 28), (2, 16, 16), (2, 17, 14), (2, 20, 14), (3, 10, 10), (3, 11, 9)],
)
def test_no_more_is_dropped_than_makes_room(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, areas: int, starts: int, left: int
) -> None:
    """Nothing up to the bound; beyond it the oldest, until an eighth is free."""
    monkeypatch.setattr("holub_protocol.words.WORDS_PER_KEY", 32)
    said = [scene.one.start((KYIV, RAION, NEIGHBOUR)[:areas], T + n) for n in range(starts)]
    for start in said:
        scene.say(scene.one, start)
    named = {incident for incident, _ in scene.standing() if incident}
    assert named == {start.id[:8] for start in said[-left:]}
    # The newest of what was dropped: a board that knows less of the key does not end it.
    points = {r.word.point for r in scene.words.remnants(2)}
    assert points == ({said[-left - 1].point} if left < starts else set())
    scene.say(scene.one, scene.one.message(board(), KYIV, T + 60))
    assert scene.standing() == []


def test_what_a_remnant_was_said_by_is_kept_until_a_newer_one(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest message that was dropped is kept, and released when another is."""
    monkeypatch.setattr("holub_protocol.words.WORDS_PER_KEY", 32)
    starts = [scene.one.start((KYIV,), T + n) for n in range(38)]
    changes = [scene.say(scene.one, start) for start in starts]
    assert starts[3].id in changes[32].released
    assert starts[4].id not in changes[32].released
    assert starts[4].id in changes[37].released
    assert scene.words.pinned(starts[9].id)
    assert not any(scene.words.pinned(start.id) for start in starts[:9])


def test_an_alert_lost_late_is_known_though_newer_ones_were_over(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A remnant stands for all that was dropped, in whatever order it came."""
    monkeypatch.setattr("holub_protocol.words.WORDS_PER_KEY", 2)
    over = scene.one.start((KYIV,), T + 50)
    scene.say(scene.one, over)
    scene.say(scene.two, scene.two.alert(Verb.CLEAR, (KYIV,), T + 51, (over.id[:8],)))
    for n, lost in ((52, False), (53, False), (0, False), (60, True)):
        area = {0: KYIV, 60: LVIV}.get(n, RAION)
        scene.say(scene.one, scene.one.start((area,), T + n))
        known = {r.word.area: (r.word.point, r.lost) for r in scene.words.remnants(2)}
        assert known.get(KYIV, (over.point, False)) == (over.point, lost)
    assert KYIV in known


def test_a_clear_that_still_ends_something_is_dropped_last(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy desk's old clear does not give way to its own alerts that are over."""
    monkeypatch.setattr("holub_protocol.words.WORDS_PER_KEY", 8)
    third = Desk(9, 2)
    theirs = third.start((RAION,), T)
    scene.say(third, theirs)
    scene.say(scene.one, scene.one.alert(Verb.CLEAR, (RAION,), T + 1, (theirs.id[:8],)))
    for n in range(9):
        start = scene.one.start((KYIV,), T + 2 + n)
        scene.say(scene.one, start)
        scene.say(scene.two, scene.two.alert(Verb.CLEAR, (KYIV,), T + 40 + n, (start.id[:8],)))
    assert (theirs.id[:8], RAION) not in scene.standing()
    assert scene.one.kid in {r.word.kid for r in scene.words.remnants(2)}


def test_what_is_unknown_cannot_be_given_up(scene: Scene) -> None:
    """Nothing is left of it, and nothing need not be kept any more."""
    assert scene.words.give_up(b"never came") == ()
    assert list(scene.words.standing()) == []


def test_that_something_was_dropped_is_news(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the message that pushed it out says nothing itself."""
    monkeypatch.setattr("holub_protocol.words.WORDS_PER_KEY", 8)
    names = tuple(bytes([n]) * 8 for n in range(4))
    clears = [scene.one.alert(Verb.CLEAR, (KYIV,), T + n, names) for n in range(3)]
    assert [scene.say(scene.one, clear).visible for clear in clears] == [False, False, True]
    boards = [
        scene.say(
            scene.two,
            Message(b"", bytes([n]) * 32, scene.two.kid, 6, T, 9, DAY_S, KYIV, bitmap(RAION)),
        )
        for n in range(CONTRADICTIONS + 1)
    ]
    assert all(change.visible for change in boards)


def test_what_was_lost_is_known_place_by_place(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That an alert of one place was dropped while it held says nothing of another place."""
    monkeypatch.setattr("holub_protocol.words.WORDS_PER_KEY", 2)
    for n in range(3):
        scene.say(scene.one, scene.one.start((LVIV,), T + n))
    assert [(r.word.area, r.lost) for r in scene.words.remnants(2)] == [(LVIV, True)]
    listed = Listed(T - 9, 1, b"", 1, b"incident", (LVIV, KYIV))
    for created_s, body in ((T - 9, board(words=(listed,))), (T + 9, bitmap(LVIV, KYIV))):
        for number in range(CONTRADICTIONS + 1):  # the last of them leaves remnants
            name = bytes([number, created_s - T & 255]) * 16
            kid = scene.one.kid
            scene.say(scene.one, Message(b"", name, kid, 6, created_s, 9, DAY_S, KYIV, body))
        lost = {r.word.area: r.lost for r in scene.words.remnants(2)}
        assert lost == {LVIV: True, KYIV: False}


def test_what_a_board_has_answered_for_is_not_lost_any_more(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is dropped after it is judged by itself."""
    monkeypatch.setattr("holub_protocol.words.WORDS_PER_KEY", 2)
    for n in range(3):
        scene.say(scene.one, scene.one.start((LVIV,), T + n))
    scene.say(scene.one, scene.one.message(board(), KYIV, T + 20))
    assert list(scene.words.remnants(2)) == []
    for n in range(3):
        start = scene.one.start((LVIV,), T + 21 + n)
        scene.say(scene.one, start)
        scene.say(scene.chief, scene.chief.alert(Verb.CLEAR, (LVIV,), T + 40, (start.id[:8],)))
    assert [r.lost for r in scene.words.remnants(2)] == [False]


def test_of_too_much_what_is_over_is_dropped_first(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy desk's old alert that still holds is shown while ended ones make room for new."""
    monkeypatch.setattr("holub_protocol.words.WORDS_PER_KEY", 32)
    holds = scene.one.start((RAION,), T)
    scene.say(scene.one, holds)
    for n in range(100):
        start = scene.one.start((KYIV,), T + 2 * n)
        scene.say(scene.one, start)
        scene.say(scene.one, scene.one.alert(Verb.CLEAR, (KYIV,), T + 2 * n + 1, (start.id[:8],)))
    named = [(incident, area) for incident, area in scene.standing() if incident]
    assert (holds.id[:8], RAION) in named
    assert [r.lost for r in scene.words.remnants(2)] == [False]


def test_many_boards_of_one_point_fill_no_memory(scene: Scene) -> None:
    """Beyond a few contradictions the areas that a board lists are in doubt until a newer one."""
    first = scene.one.message(board(), KYIV, T)
    scene.say(scene.one, first)
    for number in range(CONTRADICTIONS + 3):
        word = Listed(T - 9, 1, b"", 1, b"incident", (TREE.board_order[number],))
        body, name = board(words=(word,)), bytes([number]) * 32
        scene.say(scene.one, Message(b"", name, first.kid, 6, T, first.k, DAY_S, KYIV, body))
    assert len(scene.words.boards(2)) == CONTRADICTIONS
    assert {a for _, a in scene.standing()} == set(TREE.board_order[: CONTRADICTIONS + 3])
    scene.say(scene.one, scene.one.message(board(), KYIV, T + 1))
    assert scene.standing() == []


def test_what_a_place_would_miss_least_goes_first(scene: Scene) -> None:
    """A message of which nothing stands, or that nobody knows, costs nothing, one that says what
    stands, or is one of several that have ended a word, costs; a board stays, and so does what
    alone has ended one."""
    first, second = (scene.one.start((KYIV,), T + n) for n in range(2))
    ends = [scene.one.alert(Verb.CLEAR, (KYIV,), T + 9, (first.id[:8],))]
    newest = scene.two.message(board(), KYIV, T + 5)
    for message in (first, second, *ends):
        scene.say(scene.one, message)
    scene.say(scene.two, newest)
    dear = scene.words.last_to_go
    assert dear(b"never came") == dear(first.id) == 0
    assert dear(second.id) == 1
    assert dear(newest.id) is dear(ends[0].id) is None
    ends.append(scene.two.alert(Verb.WITHDRAW, (KYIV,), T + 12, (first.id[:8],)))
    scene.say(scene.two, ends[1])
    assert [dear(end.id) for end in ends] == [1, 1]


def test_a_stranger_s_end_does_not_make_an_end_less_dear(scene: Scene) -> None:
    """Only what may end a word counts beside what has ended it; what ends nothing is let go."""
    start = scene.one.start((KYIV,), T)
    end = scene.one.alert(Verb.CLEAR, (KYIV,), T + 9, (start.id[:8],))
    beside = scene.stranger.alert(Verb.CLEAR, (KYIV,), T + 10, (start.id[:8],))
    for desk, message in ((scene.one, start), (scene.one, end), (scene.stranger, beside)):
        scene.say(desk, message)
    assert scene.words.last_to_go(end.id) is None
    assert scene.words.last_to_go(beside.id) == 0


def test_what_is_left_of_a_key_is_its_own(scene: Scene) -> None:
    """Of three keys that gave way each one's remnants are told apart, by authority and key."""
    desks = (scene.chief, scene.one, scene.two)
    for number, desk in enumerate(desks):
        start = desk.start((KYIV, LVIV)[: 1 + number % 2], T + number)
        scene.say(desk, start)
        scene.words.give_up(start.id)
    of = scene.words.remnants_of
    places = [sorted(r.word.area for r in of(desk.authority, desk.kid)) for desk in desks]
    assert places == [[KYIV], sorted((KYIV, LVIV)), [KYIV]]
    assert of(scene.one.authority, scene.chief.kid) == ()
