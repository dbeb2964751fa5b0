"""Words: each rule that ends one, and everything that must not."""

from dataclasses import replace

import pytest

from holub_crypto.trust import Reach, Standing
from holub_protocol.areas import EVERYWHERE
from holub_protocol.facts import Change, Fact
from holub_protocol.kinds.alert import AlertBody, Verb
from holub_protocol.kinds.board import BoardBody, Cover, Gap, Listed
from holub_protocol.limits import COUNTER_MAX, FUTURE_SKEW_S
from holub_protocol.message import Message
from holub_protocol.words import Words
from support_alerts import DAY_S
from support_words import (
    ABOVE,
    HROMADA,
    KYIV,
    LVIV,
    NEIGHBOUR,
    OBLAST,
    RAION,
    TREE,
    UNKNOWN_AREA,
    Scene,
    T,
    bitmap,
    board,
)


@pytest.fixture
def scene() -> Scene:
    """A fresh scene."""
    return Scene()


def test_a_start_names_its_incident_by_its_own_id(scene: Scene) -> None:
    """The first 8 bytes of the start's id name the incident at each of its areas."""
    start = scene.one.start((KYIV, RAION), T)
    assert scene.say(scene.one, start) == Change(visible=True)
    assert scene.standing() == sorted([(start.id[:8], KYIV), (start.id[:8], RAION)])


def test_an_end_is_news_where_it_ends_something_and_a_withdraw_always(scene: Scene) -> None:
    """People are told that an alert was false though this node never had it."""
    start = scene.one.start((KYIV,), T)
    ends = [
        scene.one.alert(verb, (KYIV,), T + 9, (start.id[:8],))
        for verb in (Verb.CLEAR, Verb.WITHDRAW)
    ]
    assert [scene.say(scene.one, end).visible for end in ends] == [False, True]
    scene.words = Words(TREE, ABOVE)
    start = scene.one.start((KYIV, RAION), T)
    clear = scene.one.alert(Verb.CLEAR, (KYIV,), T + 9, (start.id[:8],))
    drop = scene.one.alert(Verb.UPDATE, (KYIV,), T + 9, (start.id[:8],))
    for message in (start, clear, drop):  # the update says what is over, and drops what was on
        assert scene.say(scene.one, message).visible
    assert scene.standing() == []


def test_a_message_counts_once(scene: Scene) -> None:
    """A second copy changes nothing and is no news."""
    start = scene.one.start((KYIV,), T)
    scene.say(scene.one, start)
    assert scene.say(scene.one, start) == Change(visible=False)
    assert len(scene.standing()) == 1


@pytest.mark.parametrize("verb", [Verb.CLEAR, Verb.WITHDRAW])
@pytest.mark.parametrize("first", ["start", "end"])
def test_a_clear_that_names_the_incident_ends_it(scene: Scene, verb: Verb, first: str) -> None:
    """It ends it in either order of arrival, and from any desk of the authority."""
    start = scene.one.start((KYIV,), T)
    end = (scene.two, scene.two.alert(verb, (KYIV,), T + 9, (start.id[:8],)))
    for desk, message in (
        [(scene.one, start), end] if first == "start" else [end, (scene.one, start)]
    ):
        scene.say(desk, message)
    assert scene.standing() == []


def test_an_incident_once_ended_is_not_reopened(scene: Scene) -> None:
    """A desk that joins later, not knowing of the clear, does not bring it back."""
    start = scene.one.start((KYIV,), T)
    scene.say(scene.one, start)
    scene.say(scene.one, scene.one.alert(Verb.CLEAR, (KYIV,), T + 9, (start.id[:8],)))
    join = scene.two.alert(Verb.START, (KYIV,), T + 99, (start.id[:8],))
    assert scene.say(scene.two, join) == Change(visible=False)
    assert scene.standing() == []


def test_a_re_alert_minutes_after_the_clear_holds(scene: Scene) -> None:
    """A late copy of the clear of the first alert leaves the second one alone."""
    first, second = scene.one.start((KYIV,), T), scene.one.start((KYIV,), T + 600)
    clear = scene.one.alert(Verb.CLEAR, (KYIV,), T + 300, (first.id[:8],))
    for message in (second, first, clear):
        scene.say(scene.one, message)
    assert scene.standing() == [(second.id[:8], KYIV)]


def test_a_clear_ends_only_what_it_covers(scene: Scene) -> None:
    """A clear of one raion leaves its neighbour and the oblast's own alert on."""
    start = scene.one.start((OBLAST, RAION, HROMADA, NEIGHBOUR), T)
    scene.say(scene.one, start)
    scene.say(scene.one, scene.one.alert(Verb.CLEAR, (RAION,), T + 9, (start.id[:8],)))
    assert [area for _, area in scene.standing()] == sorted([OBLAST, NEIGHBOUR])


def test_a_clear_of_everywhere_ends_all_areas(scene: Scene) -> None:
    """Area 0 covers every region, known to the registry or not."""
    start = scene.one.start((KYIV, RAION, UNKNOWN_AREA), T)
    scene.say(scene.one, start)
    scene.say(scene.one, scene.one.alert(Verb.CLEAR, (EVERYWHERE,), T + 9, (start.id[:8],)))
    assert scene.standing() == []


def test_an_area_unknown_here_can_be_ended_by_its_number(scene: Scene) -> None:
    """A node with an older registry still pairs a clear with its start."""
    start = scene.one.start((UNKNOWN_AREA,), T)
    scene.say(scene.one, start)
    assert [area for _, area in scene.standing()] == [UNKNOWN_AREA]
    scene.say(scene.one, scene.one.alert(Verb.CLEAR, (UNKNOWN_AREA,), T + 9, (start.id[:8],)))
    assert scene.standing() == []


def test_only_the_authority_or_one_above_can_end(scene: Scene) -> None:
    """A clear and a board of a neighbour do nothing; those of the one above do."""
    start = scene.one.start((KYIV,), T)
    scene.say(scene.one, start)
    scene.say(scene.stranger, scene.stranger.alert(Verb.CLEAR, (KYIV,), T + 9, (start.id[:8],)))
    everything = board(Cover(scene.one.kid, T + 50, 0))
    scene.say(scene.stranger, scene.stranger.message(everything, KYIV, T + 60))
    assert len(scene.standing()) == 1
    scene.say(scene.chief, scene.chief.alert(Verb.CLEAR, (KYIV,), T + 9, (start.id[:8],)))
    assert scene.standing() == []


def test_one_above_is_not_ended_from_below(scene: Scene) -> None:
    """A city desk can't clear the nation's alert."""
    start = scene.chief.start((KYIV,), T)
    scene.say(scene.chief, start)
    scene.say(scene.one, scene.one.alert(Verb.CLEAR, (KYIV,), T + 9, (start.id[:8],)))
    assert len(scene.standing()) == 1


def test_an_update_speaks_anew_for_its_own_key(scene: Scene) -> None:
    """Areas that an update leaves out are over, and its hazard replaces the old one."""
    start = scene.one.start((RAION, NEIGHBOUR), T)
    scene.say(scene.one, start)
    update = scene.one.alert(Verb.UPDATE, (RAION,), T + 9, (start.id[:8],), hazard=8)
    scene.say(scene.one, update)
    assert [(h.word.area, h.word.hazard) for h in scene.words.standing()] == [(RAION, 8)]


def test_an_update_leaves_other_desks_words_alone(scene: Scene) -> None:
    """A desk that drops an area does not clear what another desk says of it."""
    start = scene.one.start((RAION,), T)
    other = scene.two.alert(Verb.UPDATE, (RAION, NEIGHBOUR), T + 5, (start.id[:8],))
    scene.say(scene.one, start)
    scene.say(scene.two, other)
    scene.say(scene.one, scene.one.alert(Verb.UPDATE, (KYIV,), T + 9, (start.id[:8],)))
    assert [area for _, area in scene.standing()] == sorted([KYIV, RAION, NEIGHBOUR])


def test_an_older_update_that_comes_late_changes_nothing(scene: Scene) -> None:
    """A key's messages count by their points, not by arrival."""
    start = scene.one.start((RAION,), T)
    wide = scene.one.alert(Verb.UPDATE, (RAION, NEIGHBOUR), T + 5, (start.id[:8],))
    narrow = scene.one.alert(Verb.UPDATE, (RAION,), T + 9, (start.id[:8],))
    for message in (start, narrow, wide):
        scene.say(scene.one, message)
    assert [area for _, area in scene.standing()] == [RAION]


def test_a_board_ends_what_its_own_key_said_before(scene: Scene) -> None:
    """A lost clear is healed by the next board, which covers its own key and not another's."""
    mine, theirs = scene.one.start((KYIV,), T), scene.two.start((KYIV,), T)
    scene.say(scene.one, mine)
    scene.say(scene.two, theirs)
    scene.say(scene.one, scene.one.message(board(), KYIV, T + 60))
    assert scene.standing() == [(theirs.id[:8], KYIV)]


def test_a_board_ends_nothing_that_lies_in_a_gap(scene: Scene) -> None:
    """What a desk's machine may have lost, its board does not end by leaving it out, nor does a
    sibling's that tells of the gap; what was said before or after it they do."""
    starts = [scene.one.start((area,), T + s) for area, s in ((KYIV, 0), (RAION, 50), (KYIV, 300))]
    for start in starts:
        scene.say(scene.one, start)
    lost = Gap(b"", T, starts[0].k, T + 200)
    scene.say(scene.one, scene.one.message(BoardBody(330, gaps=(lost,)), KYIV, T + 400))
    assert scene.standing() == [(starts[1].id[:8], RAION)]
    told = BoardBody(
        330, (Cover(scene.one.kid, T + 400, 9),), gaps=(replace(lost, kid=scene.one.kid),)
    )
    scene.say(scene.two, scene.two.message(told, KYIV, T + 500))
    assert scene.standing() == [(starts[1].id[:8], RAION)]
    scene.say(scene.one, scene.one.message(board(), KYIV, T + 600))
    assert scene.standing() == []


def test_a_board_does_not_end_what_its_key_says_after_it(scene: Scene) -> None:
    """A start that is newer than the board holds, in either order of arrival."""
    early = scene.one.message(board(), KYIV, T)
    start = scene.one.start((KYIV,), T)
    scene.say(scene.one, start)
    scene.say(scene.one, early)
    assert scene.standing() == [(start.id[:8], KYIV)]


def test_a_board_covers_another_key_up_to_the_named_point(scene: Scene) -> None:
    """Up to that point what it does not list is over; beyond it, it does not know."""
    before, after = scene.two.start((RAION,), T), scene.two.start((KYIV,), T + 100)
    for start in (before, after):
        scene.say(scene.two, start)
    scene.say(scene.one, scene.one.message(board(Cover(scene.two.kid, T + 50, 0)), KYIV, T + 200))
    assert scene.standing() == [(after.id[:8], KYIV)]


@pytest.mark.parametrize(("cover", "ends"), [((-1, 9), 0), ((0, -1), 0), ((0, 0), 1), ((1, -9), 1)])
def test_a_cover_reaches_to_its_point_and_no_further(
    scene: Scene, cover: tuple[int, int], ends: int
) -> None:
    """The point itself is covered, the number after it in the same second is not."""
    scene.two.made = 20
    start = scene.two.start((RAION,), T)
    scene.say(scene.two, start)
    known = Cover(scene.two.kid, T + cover[0], start.k + cover[1])
    scene.say(scene.one, scene.one.message(board(known), KYIV, T + 200))
    assert len(scene.standing()) == 1 - ends


def test_a_key_that_no_board_covers_keeps_its_words(scene: Scene) -> None:
    """Also what it said when its clock stood at 1970."""
    start = scene.two.start((KYIV,), 0)
    scene.say(scene.two, start)
    scene.say(scene.one, scene.one.message(board(Cover(scene.chief.kid, T, 0)), KYIV, T))
    assert scene.standing() == [(start.id[:8], KYIV)]


def test_a_listed_word_holds_and_is_known_from_the_board_alone(scene: Scene) -> None:
    """Who missed the start learns the incident, its key and its point from the board."""
    start = scene.two.start((RAION, NEIGHBOUR), T)
    told = Listed(T, start.k, scene.two.kid, 1, start.id[:8], tuple(sorted([RAION, NEIGHBOUR])))
    body = board(Cover(scene.two.kid, T + 50, 0), words=(told,))
    scene.say(scene.one, scene.one.message(body, KYIV, T + 60))
    assert [area for _, area in scene.standing()] == sorted([RAION, NEIGHBOUR])
    assert scene.say(scene.two, start).visible  # it brings what no board tells: its texts
    assert len(scene.standing()) == 2
    scene.say(scene.two, scene.two.alert(Verb.UPDATE, (RAION,), T + 70, (start.id[:8],)))
    assert [(h.word.kid, h.word.area) for h in scene.words.standing()] == [(scene.two.kid, RAION)]


def test_only_the_newest_board_of_a_key_counts(scene: Scene) -> None:
    """An older board is of no further use, whether it comes first or last."""
    word = Listed(T, 1, b"", 1, b"incident", (KYIV,))
    old = scene.one.message(board(words=(word,)), KYIV, T + 60)
    new = scene.one.message(board(), KYIV, T + 120)
    scene.say(scene.one, old)
    assert scene.say(scene.one, new) == Change(True, superseded=(old.id,), released=(old.id,))
    assert scene.say(scene.one, old) == Change(visible=False, superseded=(old.id,))
    assert scene.standing() == []
    assert [fact.message.id for fact in scene.words.boards(2)] == [new.id]


def test_of_two_boards_of_one_point_the_graver_holds(scene: Scene) -> None:
    """A key that contradicts itself ends only what both of its boards leave out."""
    start, other = scene.one.start((KYIV,), T), scene.one.start((RAION,), T)
    word = Listed(T, start.k, b"", 1, start.id[:8], (KYIV,))
    empty = scene.one.message(board(), KYIV, T + 60)
    full = Message(
        b"", b"\xff" * 32, empty.kid, 6, T + 60, empty.k, DAY_S, KYIV, board(words=(word,))
    )
    for message in (start, other, empty, full):
        scene.say(scene.one, message)
    assert scene.standing() == [(start.id[:8], KYIV)]
    assert len(scene.words.boards(2)) == 2
    newer = scene.one.message(board(), KYIV, T + 61)
    assert sorted(scene.say(scene.one, newer).superseded) == sorted([empty.id, full.id])
    assert (scene.standing(), len(scene.words.boards(2))) == ([], 1)


def test_a_start_at_its_boards_own_point_holds(scene: Scene) -> None:
    """A key that signs both at one point has contradicted itself: the graver of the two counts."""
    start = scene.one.start((KYIV,), T)
    same = Message(b"", b"\xff" * 32, start.kid, 6, T, start.k, DAY_S, KYIV, board())
    scene.say(scene.one, start)
    scene.say(scene.one, same)
    assert scene.standing() == [(start.id[:8], KYIV)]


def test_a_newer_board_that_no_longer_covers_a_key_gives_its_word_back(scene: Scene) -> None:
    """Only the newest board counts, also in what it ends: a desk that knows less ends less."""
    start = scene.two.start((KYIV,), T)
    scene.say(scene.two, start)
    knowing = scene.one.message(board(Cover(scene.two.kid, T + 5, 0)), KYIV, T + 60)
    scene.say(scene.one, knowing)
    assert scene.standing() == []
    scene.say(scene.one, scene.one.message(board(), KYIV, T + 120))
    assert scene.standing() == [(start.id[:8], KYIV)]


def test_a_bitmap_holds_without_names(scene: Scene) -> None:
    """Its bits are words of its own, which only a newer board of its key takes back."""
    scene.say(scene.one, scene.one.message(bitmap(KYIV, RAION), KYIV, T))
    assert scene.standing() == sorted([(b"", KYIV), (b"", RAION)])
    scene.say(scene.one, scene.one.alert(Verb.CLEAR, (KYIV,), T + 9, (b"incident",)))
    assert len(scene.standing()) == 2
    scene.say(scene.one, scene.one.message(bitmap(RAION), KYIV, T + 60))
    assert scene.standing() == [(b"", RAION)]


def test_a_bit_keeps_the_words_it_stands_for(scene: Scene) -> None:
    """A word in the marked raion or below it stays; one under another hazard is over."""
    starts = [
        scene.two.start((RAION,), T),
        scene.two.start((HROMADA,), T),
        scene.two.start((NEIGHBOUR,), T),
        scene.two.start((RAION,), T, hazard=8),
    ]
    for start in starts:
        scene.say(scene.two, start)
    body = bitmap(RAION, covers=(Cover(scene.two.kid, T + 50, 0),))
    scene.say(scene.one, scene.one.message(body, KYIV, T + 60))
    named = [incident for incident, _ in scene.standing() if incident]
    assert named == sorted(start.id[:8] for start in starts[:2])


@pytest.mark.parametrize("area", [EVERYWHERE, UNKNOWN_AREA])
def test_a_word_that_no_bit_can_tell_is_kept_by_any_bit(scene: Scene, area: int) -> None:
    """Everywhere and regions unknown to the registry have no bit: they are not ended by one."""
    start = scene.one.start((area,), T)
    scene.say(scene.one, start)
    scene.say(scene.one, scene.one.message(bitmap(KYIV), KYIV, T + 60))
    assert (start.id[:8], area) in scene.standing()
    scene.say(scene.one, scene.one.message(board(), KYIV, T + 90))
    assert scene.standing() == []


def test_a_board_that_names_no_area_of_ours_ends_nothing(scene: Scene) -> None:
    """Bits beyond the registry make the whole board useless, rather than partly believed."""
    start = scene.one.start((KYIV,), T)
    scene.say(scene.one, start)
    body = BoardBody(330, (), (), ((1, b"\xff" * 30),))
    assert scene.say(scene.one, scene.one.message(body, KYIV, T + 60)) == Change(visible=False)
    assert scene.standing() == [(start.id[:8], KYIV)]
    assert scene.words.boards(2) == ()


def test_forgetting_a_board_takes_back_what_it_alone_said(scene: Scene) -> None:
    """Bits and listed words fall with it; what a start says too stays."""
    start = scene.one.start((KYIV,), T)
    scene.say(scene.one, start)
    told = (
        Listed(T, start.k, b"", 1, start.id[:8], (KYIV,)),
        Listed(T + 1, start.k, b"", 1, b"incident", (RAION,)),
    )
    for body in (board(words=told), bitmap(RAION, NEIGHBOUR)):
        said = scene.one.message(body, KYIV, T - 60 if body.bitmaps else T + 60)
        scene.say(scene.one, said)
        assert len(scene.standing()) > 1
        scene.words.forget(said.id)
        assert scene.standing() == [(start.id[:8], KYIV)]


@pytest.mark.parametrize("full_first", [True, False])
def test_of_two_boards_of_one_point_the_right_one_is_forgotten(
    scene: Scene, full_first: bool
) -> None:
    """What the other says, and ends, stays as it is."""
    start = scene.one.start((RAION,), T)
    scene.say(scene.one, start)
    full, empty = (
        Message(b"", bytes([n]) * 32, scene.one.kid, 6, T + 60, 9, DAY_S, KYIV, body)
        for n, body in enumerate((bitmap(KYIV), board()))
    )
    for said in (full, empty) if full_first else (empty, full):
        scene.say(scene.one, said)
    assert scene.standing() == [(b"", KYIV)]
    scene.words.forget(full.id)
    assert scene.standing() == []
    scene.words.forget(empty.id)
    assert scene.standing() == [(start.id[:8], RAION)]


def test_forgetting_leaves_what_another_message_says(scene: Scene) -> None:
    """Of a start of two places the one that a board lists stands without it, the other falls."""
    start = scene.one.start((KYIV, RAION), T)
    scene.say(scene.one, start)
    for area in sorted((KYIV, RAION)):
        listed = Listed(T, start.k, scene.one.kid, 1, start.id[:8], (area,))
        known = Cover(scene.one.kid, T - 9, 0)  # it tells of what it does not cover
        end = scene.two.message(board(known, words=(listed,)), KYIV, T + 60)
        scene.say(scene.two, end)
        scene.words.forget(start.id)
        assert scene.standing() == [(start.id[:8], area)]
        scene.say(scene.one, start)


def test_forgetting_undoes_every_effect(scene: Scene) -> None:
    """State follows from what is held: without the clear, update or board the word is back."""
    start = scene.one.start((KYIV, RAION), T)
    name = (start.id[:8],)
    enders = [
        scene.one.alert(Verb.CLEAR, (KYIV, RAION), T + 9, name),
        scene.one.alert(Verb.UPDATE, (NEIGHBOUR,), T + 9, name),
        scene.one.message(board(), KYIV, T + 60),
    ]
    scene.say(scene.one, start)
    before = scene.standing()
    for ender in enders:
        scene.say(scene.one, ender)
        assert scene.standing() != before
        scene.words.forget(ender.id)
        assert scene.standing() == before
    scene.words.forget(start.id)
    scene.words.forget(start.id)
    assert scene.standing() == []
    assert not any(list(scene.words.standing_inside(area)) for area in (EVERYWHERE, OBLAST))


def test_doubt_makes_neither_on_nor_over(scene: Scene) -> None:
    """A word that only a doubted clear ends stands again, marked; so nothing turns green."""
    start = scene.one.start((KYIV,), T)
    clear = scene.one.alert(Verb.CLEAR, (KYIV,), T + 9, (start.id[:8],))
    empty = scene.one.message(board(), KYIV, T + 60)
    for ender in (clear, empty):
        scene.words = Words(TREE, ABOVE)
        scene.say(scene.one, start)
        scene.say(scene.one, ender)
        assert scene.standing() == []
        scene.words.doubt([ender.id])
        assert [held.shaken for held in scene.words.standing()] == [True]
        scene.words.doubt([])
        assert scene.standing() == []


def test_a_thiefs_clear_is_undone_also_where_an_honest_board_has_followed_it(scene: Scene) -> None:
    """The sibling's board left the word out because of the clear: from the revocation on only a
    name ends what a thief has ended."""
    start = scene.one.start((KYIV,), T)
    stolen = scene.one.alert(Verb.CLEAR, (KYIV,), T + 10, (start.id[:8],))
    sibling = scene.two.message(board(Cover(scene.one.kid, T + 11, 9)), KYIV, T + 12)
    scene.say(scene.one, start)
    scene.say(scene.one, stolen)
    scene.say(scene.two, sibling)
    assert scene.standing() == []
    scene.words.doubt([stolen.id], void=[stolen.id])
    assert scene.standing() == [(start.id[:8], KYIV)]
    named = scene.two.alert(Verb.CLEAR, (KYIV,), T + 20, (start.id[:8],))
    scene.say(scene.two, named)
    assert scene.standing() == []


def test_what_a_thief_made_up_is_in_doubt_also_where_an_honest_board_repeats_it(
    scene: Scene,
) -> None:
    """It is not on by the sibling's word; an honest alert that a thief's board repeats is, and so
    is what the stolen key had said before."""
    false, true = scene.one.start((KYIV,), T), scene.two.start((RAION,), T + 9)
    told = Listed(T, false.k, scene.one.kid, 1, false.id[:8], (KYIV,))
    echo = Listed(T + 9, true.k, scene.two.kid, 1, true.id[:8], (RAION,))
    scene.say(scene.one, false)
    scene.say(scene.two, true)
    scene.say(
        scene.two, scene.two.message(board(Cover(scene.one.kid, 0, 0), words=(told,)), KYIV, T + 5)
    )
    kept = scene.one.start((NEIGHBOUR,), T + 6)
    scene.say(scene.one, kept)
    own = Listed(T + 6, kept.k, b"", 1, kept.id[:8], (NEIGHBOUR,))
    body = board(Cover(scene.two.kid, 0, 0), words=(own, echo))
    theirs = scene.one.message(body, KYIV, T + 9)
    scene.say(scene.one, theirs)
    scene.words.doubt([false.id, theirs.id], void=[false.id, theirs.id])
    assert {h.word.area: h.shaken for h in scene.words.standing()} == {
        KYIV: True,
        RAION: False,
        NEIGHBOUR: False,
    }


def test_a_new_order_of_authorities_is_judged_at_once(scene: Scene) -> None:
    """A charter that puts one authority under another makes its clears count, and back."""
    start = scene.one.start((KYIV,), T)
    scene.say(scene.one, start)
    scene.say(scene.stranger, scene.stranger.alert(Verb.CLEAR, (KYIV,), T + 9, (start.id[:8],)))
    scene.words.govern({2: (3,), 3: ()})
    assert scene.standing() == []
    scene.words.govern(ABOVE)
    assert len(scene.standing()) == 1


def test_a_test_says_nothing(scene: Scene) -> None:
    """A test alert and any other body leave the words as they are."""
    test = scene.one.message(AlertBody(Verb.TEST, (), 1), KYIV, T)
    assert scene.say(scene.one, test) == Change(visible=False)
    assert scene.standing() == []


@pytest.mark.parametrize("verb", [Verb.CLEAR, Verb.WITHDRAW])
@pytest.mark.parametrize(("hazard", "other"), [(1, 3), (3, 1)])
def test_a_clear_of_another_hazard_ends_nothing(
    scene: Scene, verb: Verb, hazard: int, other: int
) -> None:
    """A desk granted floods alone names an air raid's incident in vain, in either order."""
    start = scene.one.start((KYIV,), T, hazard=hazard)
    end = scene.two.alert(verb, (KYIV,), T + 9, (start.id[:8],), hazard=other)
    for order in ([(scene.one, start), (scene.two, end)], [(scene.two, end), (scene.one, start)]):
        scene.words = Words(TREE, ABOVE)
        for desk, message in order:
            scene.say(desk, message)
        assert scene.standing() == [(start.id[:8], KYIV)]


@pytest.mark.parametrize(
    ("reach", "left"),
    [
        ((Reach((KYIV,), (1,)),), [RAION]),
        ((Reach((KYIV,), (3,)), Reach((OBLAST,), (3,))), [RAION, KYIV]),
        ((Reach((KYIV,), (3,)), Reach((OBLAST,), (0,))), [KYIV]),
        ((Reach((OBLAST,), (1,)), Reach((KYIV,), (1,))), []),
        ((), [RAION, KYIV]),
    ],
)
def test_a_board_ends_others_words_only_within_its_reach(
    scene: Scene, reach: tuple[Reach, ...], left: list[int]
) -> None:
    """Area and hazard must lie in one grant of its key; its own words it ends anyway."""
    start, own = scene.two.start((KYIV, RAION), T), scene.one.start((NEIGHBOUR,), T)
    scene.say(scene.two, start)
    scene.say(scene.one, own)
    end = scene.one.message(board(Cover(scene.two.kid, T + 5, 0)), KYIV, T + 60)
    scene.words.set_standing(scene.one.key, 2, Standing(reach))
    scene.words.add(Fact(end, scene.one.key, 2))
    assert [area for _, area in scene.standing()] == sorted(left)


@pytest.mark.parametrize(("upper", "lower"), [(1, 2), (2, 1)])
def test_a_key_of_two_authorities_ends_for_each_only_what_its_grants_reach(
    scene: Scene, upper: int, lower: int
) -> None:
    """That it said the word itself, for the one below, gives it no further reach above."""
    start = scene.one.start((KYIV,), T)
    scene.words.govern({lower: (upper,)})
    scene.words.set_standing(scene.one.key, upper, Standing((Reach((LVIV,), (1,)),)))
    scene.words.add(Fact(start, scene.one.key, lower))
    scene.words.add(Fact(scene.one.message(board(), LVIV, T + 60), scene.one.key, upper))
    assert scene.standing() == [(start.id[:8], KYIV)]
    scene.words.add(Fact(scene.one.message(board(), KYIV, T + 61), scene.one.key, lower))
    assert scene.standing() == []


@pytest.mark.parametrize("way", [1, -1])
def test_a_sibling_ends_nothing_beyond_its_reach_whatever_its_hint(scene: Scene, way: int) -> None:
    """No key's hint is greater or smaller than another's in any way that counts."""
    judge, speaker = sorted((scene.one, scene.two), key=lambda desk: desk.kid)[::way]
    scene.say(speaker, start := speaker.start((KYIV,), T))
    scene.words.set_standing(judge.key, 2, Standing((Reach((LVIV,), (1,)),)))
    scene.say(judge, judge.message(board(Cover(speaker.kid, T + 5, 0)), LVIV, T + 60))
    assert scene.standing() == [(start.id[:8], KYIV)]


def test_news_of_a_standing_is_told_once(scene: Scene) -> None:
    """Who asks again what it knows already judges nothing anew."""
    reach = Standing((Reach((KYIV,), (1,)),))
    told = [scene.words.set_standing(b"k", 2, s) for s in (reach, reach, Standing(), reach)]
    assert told == [True, False, True, True]


def test_a_board_ends_nothing_beyond_its_authoritys_charge(scene: Scene) -> None:
    """A grant of all hazards for an authority of floods does not end the air raid of one below."""
    start = scene.one.start((KYIV,), T)
    scene.say(scene.one, start)
    end = scene.chief.message(board(Cover(scene.one.kid, T + 5, 0)), KYIV, T + 60)
    everything = Reach((0,), (0,))
    scene.words.govern(ABOVE, {1: Reach((0,), (3,)), 2: everything})
    scene.say(scene.chief, end)
    assert len(scene.standing()) == 1
    scene.words.govern(ABOVE, {2: everything})
    assert len(scene.standing()) == 1
    scene.words.govern(ABOVE, {1: Reach((KYIV,), (1,)), 2: everything})
    assert scene.standing() == []


def test_a_cover_of_the_future_ends_nothing_said_later(scene: Scene) -> None:
    """A board covers what was said until its own time and the skew of two honest clocks."""
    end = scene.one.message(board(Cover(scene.two.kid, 2**32 - 1, COUNTER_MAX)), KYIV, T)
    scene.say(scene.one, end)
    skewed = scene.two.start((RAION,), T + FUTURE_SKEW_S)
    later = scene.two.start((KYIV,), T + FUTURE_SKEW_S + 1)
    for start in (skewed, later):
        scene.say(scene.two, start)
    assert scene.standing() == [(later.id[:8], KYIV)]
