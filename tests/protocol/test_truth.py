"""What holds at a place: levels, views, time."""

import csv
from pathlib import Path

import pytest

from holub_crypto.trust import Reach, Standing
from holub_protocol.areas import EVERYWHERE, ukraine
from holub_protocol.desk import compose_board
from holub_protocol.kinds.alert import AlertBody, Certainty, Verb
from holub_protocol.kinds.board import BoardBody, bitmap_of
from holub_protocol.message import Message
from holub_protocol.truth import BOARD_GRACE_S, Charge, Level, Truth
from support_alerts import START_S, Desk, at

TREE = ukraine()
OBLAST, KYIV, LVIV = 30281, 93317, 26241
RAION, NEIGHBOUR = TREE.children(OBLAST)[:2]
HROMADA = TREE.children(RAION)[0]
T = START_S
NATION, REGION = 1, 2
CHARGES = (Charge(NATION, 0, (EVERYWHERE,), ()), Charge(REGION, NATION, (OBLAST,), ()))
DAY = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "sirens"


class Scene:
    """A desk of the nation and two of the region, and what an observer makes of them."""

    def __init__(self) -> None:
        """Nothing has been said."""
        self.truth = Truth(TREE, CHARGES)
        self.nation, self.one, self.two = Desk(1, NATION), Desk(2, REGION), Desk(3, REGION)

    def boards(self, created_s: int, next_due_s: int = 330) -> None:
        """Let the nation and the first desk of the region sign what they see."""
        for desk in (self.nation, self.one):
            body = compose_board(self.truth, desk.authority, desk.key, TREE, next_due_s=next_due_s)
            desk.tell(self.truth, desk.message(body, EVERYWHERE, created_s))

    def level(self, area: int, wall_s: int, reliable: bool = True) -> Level:
        """The level that is shown."""
        return self.truth.status(area, at(wall_s, reliable)).level


@pytest.fixture
def scene() -> Scene:
    """A fresh scene."""
    return Scene()


def test_nothing_known_is_not_clear(scene: Scene) -> None:
    """Silence is unknown; clear needs a fresh board of every authority charged with the place."""
    assert scene.level(RAION, T) is Level.UNKNOWN
    scene.one.tell(scene.truth, scene.one.message(BoardBody(330), OBLAST, T))
    assert scene.level(RAION, T) is Level.UNKNOWN
    scene.nation.tell(scene.truth, scene.nation.message(BoardBody(330), EVERYWHERE, T))
    assert scene.level(RAION, T) is Level.CLEAR


def test_a_place_waits_only_for_those_charged_with_it(scene: Scene) -> None:
    """The region's desks have no say in Kyiv, so their silence does not matter there."""
    scene.nation.tell(scene.truth, scene.nation.message(BoardBody(330), EVERYWHERE, T))
    assert scene.level(KYIV, T) is Level.CLEAR
    assert scene.level(OBLAST, T) is Level.UNKNOWN
    assert scene.level(EVERYWHERE, T) is Level.UNKNOWN
    scene.truth.set_charges(())
    assert scene.level(KYIV, T) is Level.UNKNOWN


def test_an_alert_is_on_below_and_partly_above(scene: Scene) -> None:
    """A raion's alert is on in its hromadas, partly in its oblast, not in its neighbour."""
    scene.boards(T)
    scene.one.tell(scene.truth, scene.one.start((RAION,), T + 1))
    levels = {a: scene.level(a, T + 2) for a in (HROMADA, RAION, OBLAST, EVERYWHERE, NEIGHBOUR)}
    assert levels == {
        HROMADA: Level.ALERT,
        RAION: Level.ALERT,
        OBLAST: Level.PARTLY,
        EVERYWHERE: Level.PARTLY,
        NEIGHBOUR: Level.CLEAR,
    }


def test_the_clear_of_a_part_leaves_the_whole_on(scene: Scene) -> None:
    """24.6 % of real all-clears of a part came while the region above was still under alert."""
    whole, part = scene.one.start((OBLAST,), T), scene.one.start((RAION,), T + 1)
    clear = scene.one.alert(Verb.CLEAR, (RAION,), T + 5, (part.id[:8],))
    scene.one.tell(scene.truth, whole, part, clear)
    scene.boards(T + 6)
    assert scene.level(RAION, T + 9) is Level.ALERT


def test_the_clear_of_the_whole_leaves_a_part_on(scene: Scene) -> None:
    """7.9 % of real all-clears of an oblast came while a region in it was still under alert."""
    whole, part = scene.one.start((OBLAST,), T), scene.one.start((RAION,), T + 1)
    clear = scene.one.alert(Verb.CLEAR, (OBLAST,), T + 5, (whole.id[:8],))
    scene.one.tell(scene.truth, whole, part, clear)
    scene.boards(T + 6)
    assert scene.level(OBLAST, T + 9) is Level.PARTLY
    assert scene.level(NEIGHBOUR, T + 9) is Level.CLEAR


def test_expiry_is_never_an_all_clear(scene: Scene) -> None:
    """Past its lifetime an alert is unknown with its last word, also under fresh boards that
    were signed without knowing of it; the longest real one lasted 88 hours."""
    start = scene.two.start((RAION,), T, lifetime_s=3600)
    for now in (T + 3600, T + 88 * 3600):
        scene.boards(now - 10)
        scene.two.tell(scene.truth, start)
        status = scene.truth.status(RAION, at(now))
        scene.truth.forget(start.id)
        assert status.level is Level.UNKNOWN
        assert status.last_word_s == now - 10
        assert [(view.stale, view.updated_s) for view in status.stale] == [(True, T)]
    assert scene.level(NEIGHBOUR, T + 88 * 3600) is Level.CLEAR
    scene.two.tell(scene.truth, start)
    assert scene.truth.alerts(at(T + 88 * 3600)) == ()
    above = scene.truth.status(OBLAST, at(T + 88 * 3600))
    assert (above.level, above.alerts, len(above.stale)) == (Level.UNKNOWN, (), 1)


def test_a_desks_board_carries_a_long_alert_on(scene: Scene) -> None:
    """The desk lists what nobody has ended, so an alert of days needs no new start."""
    scene.one.tell(scene.truth, scene.one.start((RAION,), T, lifetime_s=3600))
    scene.boards(T + 4000)
    status = scene.truth.status(RAION, at(T + 4010))
    assert status.level is Level.ALERT
    assert status.alerts[0].since_s == T


@pytest.mark.parametrize("late", [0, 1])
def test_an_overdue_board_takes_the_clear_away(scene: Scene, late: int) -> None:
    """Clear lasts until the next board is due and a grace; then it is unknown."""
    scene.boards(T)
    expected = Level.UNKNOWN if late else Level.CLEAR
    assert scene.level(RAION, T + 330 + BOARD_GRACE_S + late) is expected


def test_a_board_of_the_future_or_of_the_past_is_not_fresh(scene: Scene) -> None:
    """A clock set back does not make an old board new again."""
    scene.boards(T)
    assert scene.level(RAION, T - 60) is Level.CLEAR
    assert scene.level(RAION, T - 61) is Level.UNKNOWN
    body = BoardBody(86_400)
    for desk in (scene.nation, scene.one):
        desk.tell(scene.truth, desk.message(body, EVERYWHERE, T + 1, lifetime_s=600))
    assert scene.level(RAION, T + 600) is Level.CLEAR
    assert scene.level(RAION, T + 601) is Level.UNKNOWN
    assert scene.level(RAION, T + 6000) is Level.UNKNOWN


def test_an_unreliable_clock_never_shows_clear_and_expires_nothing(scene: Scene) -> None:
    """After a blackout boxes don't know the time: what is on stays on, what is over is unknown."""
    scene.boards(T)
    start = scene.one.start((RAION,), T + 1, lifetime_s=600)
    scene.one.tell(scene.truth, start)
    assert scene.level(NEIGHBOUR, T + 5, reliable=False) is Level.UNKNOWN
    assert scene.level(RAION, T + 10**8, reliable=False) is Level.ALERT
    assert scene.level(RAION, 0, reliable=False) is Level.ALERT
    assert scene.truth.next_change(at(T, reliable=False)) is None
    scene.one.tell(scene.truth, scene.one.alert(Verb.CLEAR, (RAION,), T + 9, (start.id[:8],)))
    assert scene.level(RAION, T + 10, reliable=False) is Level.UNKNOWN


def test_a_start_of_the_future_is_on_and_marked(scene: Scene) -> None:
    """A desk with a fast clock is heard at once; its alert says that its time is odd."""
    scene.boards(T)
    scene.one.tell(scene.truth, scene.one.start((RAION,), T + 4000))
    (view,) = scene.truth.status(RAION, at(T)).alerts
    assert view.from_future
    (view,) = scene.truth.status(RAION, at(T, reliable=False)).alerts
    assert not view.from_future  # by which clock?
    for later_s in (3940, 3941, 9000):
        (view,) = scene.truth.status(RAION, at(T + later_s)).alerts
        assert not view.from_future


def test_the_gravest_comes_first_then_the_newest(scene: Scene) -> None:
    """Of several alerts people read the worst first."""
    air, drone = scene.one.start((RAION,), T), scene.one.start((RAION,), T + 1, hazard=201)
    nuclear = scene.nation.start((OBLAST,), T - 100, hazard=9)
    again = scene.one.start((RAION,), T + 3)
    scene.one.tell(scene.truth, air, drone, again)
    scene.nation.tell(scene.truth, nuclear)
    found = [(v.hazard, v.message_id) for v in scene.truth.status(RAION, at(T + 5)).alerts]
    assert found == [(9, nuclear.id), (201, drone.id), (1, again.id), (1, air.id)]
    assert len(scene.truth.alerts(at(T + 5))) == 4


def test_two_desks_on_one_incident_make_one_view(scene: Scene) -> None:
    """The graver word is shown, with the time of the start and the update's own words."""
    start = scene.one.start((RAION,), T)
    body = AlertBody(
        Verb.UPDATE,
        (),
        8,
        (start.id[:8],),
        guidance=(3, 10),
        certainty=Certainty.OBSERVED,
        texts=(("uk", "Ракети"),),
    )
    update = scene.two.message(body, RAION, T + 30)
    scene.one.tell(scene.truth, start)
    scene.two.tell(scene.truth, update)
    (view,) = scene.truth.status(HROMADA, at(T + 60)).alerts
    assert (view.hazard, view.since_s, view.updated_s) == (8, T, T + 30)
    assert (view.key, view.message_id) == (scene.two.key, update.id)
    assert (view.guidance, view.certainty) == ((3, 10), Certainty.OBSERVED)
    assert view.texts == (("uk", "Ракети"),)
    assert (view.area, view.authority, view.stale) == (RAION, REGION, False)


@pytest.mark.parametrize("hazards", [(1, 8), (8, 1)])
def test_of_two_words_on_one_incident_the_graver_is_shown(
    scene: Scene, hazards: tuple[int, int]
) -> None:
    """In either order; of equally grave ones the newer."""
    for desk, hazard, created_s in zip((scene.one, scene.two), hazards, (T + 9, T), strict=True):
        said = desk.alert(Verb.START, (RAION,), created_s, (b"incident",), hazard=hazard)
        desk.tell(scene.truth, said)
    assert [view.hazard for view in scene.truth.alerts(at(T))] == [8]
    again = scene.two.alert(Verb.START, (RAION,), T + 5, (b"incident",), hazard=8)
    scene.two.tell(scene.truth, again)
    (view,) = scene.truth.alerts(at(T))
    assert view.updated_s == (T + 9 if hazards[0] == 8 else T + 5)


def test_a_bit_without_a_name_is_shown_unless_a_named_word_tells_it(scene: Scene) -> None:
    """A bitmap raises the alert by itself, and does not double one that is known by name."""
    bits = bitmap_of(frozenset([RAION, NEIGHBOUR]), TREE.board_order)
    scene.two.tell(scene.truth, scene.two.start((RAION,), T))
    scene.one.tell(scene.truth, scene.one.message(BoardBody(330, (), (), ((1, bits),)), OBLAST, T))
    assert [bool(v.incident) for v in scene.truth.status(RAION, at(T)).alerts] == [True]
    assert [bool(v.incident) for v in scene.truth.status(NEIGHBOUR, at(T)).alerts] == [False]


def test_a_withdraw_is_shown_as_long_as_it_lives(scene: Scene) -> None:
    """Who saw the false alert sees that it was false, wherever the alert was seen."""
    start = scene.one.start((OBLAST,), T)
    body = AlertBody(Verb.WITHDRAW, (), 1, (start.id[:8],), texts=(("uk", "Помилка"),))
    withdraw = scene.one.message(body, OBLAST, T + 60, 3600)
    scene.one.tell(scene.truth, start, withdraw)
    scene.boards(T + 70)
    status = scene.truth.status(HROMADA, at(T + 80))
    assert status.level is Level.CLEAR
    assert [(v.message_id, v.texts) for v in status.withdrawn] == [
        (withdraw.id, (("uk", "Помилка"),))
    ]
    for elsewhere in (KYIV, LVIV):
        assert scene.truth.status(elsewhere, at(T + 80)).withdrawn == ()
    assert len(scene.truth.facts()) == 4  # each once: a start, a withdraw, two boards
    assert scene.truth.status(HROMADA, at(T + 3660)).withdrawn == ()


def test_a_test_never_shows_as_an_alert(scene: Scene) -> None:
    """A test is listed apart and changes no level."""
    scene.boards(T)
    test = scene.one.alert(Verb.TEST, (RAION,), T + 1, lifetime_s=600)
    first, again = scene.one.tell(scene.truth, test, test)
    assert (first.visible, again.visible) == (True, False)
    status = scene.truth.status(RAION, at(T + 2))
    assert (status.level, status.alerts, status.last_word_s) == (Level.CLEAR, (), T)
    assert [view.message_id for view in scene.truth.tests(at(T + 2))] == [test.id]
    assert scene.truth.tests(at(T + 601)) == ()
    assert scene.truth.tests(at(T + 6000)) == ()
    assert len(scene.truth.tests(at(T + 6000, reliable=False))) == 1
    scene.truth.forget(test.id)
    assert scene.truth.tests(at(T + 2)) == ()


def test_the_age_shown_is_that_of_the_oldest_board_needed(scene: Scene) -> None:
    """`as of` is what the least informed of the charged authorities can vouch for."""
    scene.nation.tell(scene.truth, scene.nation.message(BoardBody(330), EVERYWHERE, T - 100))
    assert scene.truth.status(RAION, at(T)).as_of_s is None
    scene.one.tell(scene.truth, scene.one.message(BoardBody(330), OBLAST, T - 20))
    status = scene.truth.status(RAION, at(T))
    assert (status.as_of_s, status.next_due_s) == (T - 100, T + 230)
    assert status.last_word_s == T - 20
    assert status.reliable
    alone = scene.truth.status(KYIV, at(T))
    assert (alone.as_of_s, alone.next_due_s) == (T - 100, T + 230)


@pytest.mark.parametrize("what", ["start", "clear", "board"])
def test_doubt_is_unknown_and_never_green(scene: Scene, what: str) -> None:
    """When a key is revoked, what it said is unknown: its alerts and its all-clears alike."""
    start = scene.one.start((RAION,), T)
    clear = scene.one.alert(Verb.CLEAR, (RAION,), T + 5, (start.id[:8],))
    scene.one.tell(scene.truth, start)
    if what == "clear":
        scene.one.tell(scene.truth, clear)
    nation, region = (
        desk.message(BoardBody(330), OBLAST, T + 9) for desk in (scene.nation, scene.two)
    )
    scene.nation.tell(scene.truth, nation)
    scene.two.tell(scene.truth, region)
    before = scene.level(NEIGHBOUR, T + 10)
    scene.truth.set_doubted({"start": [start.id], "clear": [clear.id], "board": [region.id]}[what])
    assert before is Level.CLEAR
    assert scene.level(RAION, T + 10) is (Level.ALERT if what == "board" else Level.UNKNOWN)
    assert scene.level(NEIGHBOUR, T + 10) is (Level.UNKNOWN if what == "board" else Level.CLEAR)
    assert bool(scene.truth.open_words(REGION)) is (what == "board")
    assert scene.truth.doubted_keys(REGION) == (() if what == "board" else (scene.one.kid,))


def test_the_next_change_is_when_time_alone_changes_a_status(scene: Scene) -> None:
    """Expiry, a late board, and the end of a mark each come at the second that is announced."""
    assert scene.truth.next_change(at(T)) is None
    scene.boards(T)
    start = scene.one.start((RAION,), T + 100, lifetime_s=600)
    scene.one.tell(scene.truth, start)
    moments = []
    wall_s: int | None = T
    while wall_s is not None:
        wall_s = scene.truth.next_change(at(wall_s))
        moments.append(wall_s)
    assert moments == [T + 40, T + 391, T + 700, None]
    places = (RAION, NEIGHBOUR, OBLAST)
    for before, after in [(T + 41, T + 390), (T + 391, T + 699), (T + 700, T + 10**6)]:
        shown = [[scene.level(place, s) for place in places] for s in (before, after)]
        assert shown[0] == shown[1]


def test_other_kinds_and_pins_pass_through(scene: Scene) -> None:
    """A body of another kind changes nothing; a standing word is pinned until it is dropped."""
    other = Message(b"", bytes(32), scene.one.kid, 9, T, 1, 600, RAION, None)
    assert not scene.one.tell(scene.truth, other)[0].visible
    start = scene.one.start((RAION,), T)
    scene.one.tell(scene.truth, start)
    assert scene.truth.pinned(start.id)
    scene.truth.forget(start.id)
    assert not scene.truth.pinned(start.id)
    assert scene.truth.status(RAION, at(T)).alerts == ()


@pytest.mark.slow
@pytest.mark.skipif(not DAY.is_dir(), reason="no siren history beside the checkout")
def test_the_busiest_day_of_sirens_is_told_right() -> None:
    """Replayed through one desk, every status on 2022-08-24 is that of the record."""
    with (DAY / "day_2022-08-24.csv").open(encoding="utf-8") as lines:
        events = [(int(r["t"]), int(r["area"]), r["on"] == "1") for r in csv.DictReader(lines)]
    desk, observer = Desk(1, NATION), Truth(TREE, CHARGES[:1])
    on: dict[int, bytes] = {}
    first: dict[int, bool] = {}
    for _, area, starts in events:
        first.setdefault(area, starts)
    before = events[0][0] - 60
    carried = [(before, area, True) for area, starts in sorted(first.items()) if not starts]
    for when, area, starts in carried + events:
        if starts:
            message = desk.start((area,), when)
            on[area] = message.id[:8]
        else:
            message = desk.alert(Verb.CLEAR, (area,), when, (on.pop(area),))
        desk.tell(observer, message)
        body = compose_board(observer, NATION, desk.key, TREE)
        desk.tell(observer, desk.message(body, EVERYWHERE, when))
        for place in (area, TREE.parent(area), *TREE.children(area)[:3]):
            up, below = (place, *TREE.ancestors(place)), [a for a in on if TREE.covers(place, a)]
            inside = Level.PARTLY if below else Level.CLEAR
            expected = Level.ALERT if any(a in on for a in up) else inside
            assert observer.status(place, at(when)).level is expected


@pytest.mark.parametrize(
    ("reaches", "place", "level"),
    [
        ([Reach((OBLAST,), (3,))], RAION, Level.UNKNOWN),
        ([Reach((RAION,), (0,))], RAION, Level.CLEAR),
        ([Reach((RAION,), (0,))], NEIGHBOUR, Level.UNKNOWN),
        ([Reach((RAION,), (0,))], OBLAST, Level.UNKNOWN),
        ([Reach((OBLAST,), (1,)), Reach((OBLAST,), (3,))], RAION, Level.UNKNOWN),
        ([Reach((OBLAST,), (0,))], EVERYWHERE, Level.CLEAR),
        ([], RAION, Level.UNKNOWN),
    ],
)
def test_clear_needs_boards_that_reach_the_place_and_every_hazard(
    reaches: list[Reach], place: int, level: Level
) -> None:
    """A desk of floods or of the next town makes no place clear that its authority answers for."""
    truth = Truth(TREE, (Charge(REGION, 0, (OBLAST,), (0,)),))
    for number, reach in enumerate(reaches):
        desk = Desk(10 + number, REGION)
        truth.set_standing(desk.key, REGION, Standing((reach,)))
        truth.add(desk.message(BoardBody(330), OBLAST, T), desk.key, REGION)
    assert truth.status(place, at(T)).level is level


def test_desks_of_one_authority_vouch_for_a_place_together() -> None:
    """One answers for air raids, one for floods; if either falls silent it is unknown."""
    truth = Truth(TREE, (Charge(REGION, 0, (OBLAST,), (1, 3)),))
    for number, hazard in enumerate((1, 3)):
        desk = Desk(10 + number, REGION)
        board = desk.message(BoardBody(330), OBLAST, T + 100 * number)
        assert truth.status(RAION, at(T)).level is Level.UNKNOWN
        truth.set_standing(desk.key, REGION, Standing((Reach((OBLAST,), (hazard,)),)))
        truth.add(board, desk.key, REGION)
    status = truth.status(RAION, at(T + 100))
    assert (status.level, status.as_of_s, status.next_due_s) == (Level.CLEAR, T, T + 330)
    assert truth.status(RAION, at(T + 400)).level is Level.UNKNOWN


@pytest.mark.parametrize("fresh", [0, 1])
def test_of_several_desks_the_one_that_promises_longest_vouches(scene: Scene, fresh: int) -> None:
    """A colleague who has fallen silent takes nothing from what the other one knows."""
    scene.nation.tell(scene.truth, scene.nation.message(BoardBody(86_400), EVERYWHERE, T))
    for number, desk in enumerate((scene.one, scene.two)):
        due_s = 86_400 if number == fresh else 330
        desk.tell(scene.truth, desk.message(BoardBody(due_s), OBLAST, T))
    assert scene.level(RAION, T + 4000) is Level.CLEAR
    assert scene.truth.status(RAION, at(T)).next_due_s == T + 86_400


def test_what_a_flood_pushed_out_is_unknown(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a key has said more than is kept, the place is not clear and shows no made-up alert."""
    monkeypatch.setattr("holub_protocol.words.WORDS_PER_KEY", 8)
    start = scene.two.start((NEIGHBOUR,), T)
    scene.two.tell(scene.truth, start)
    for number in range(20):
        scene.two.tell(scene.truth, scene.two.start((RAION,), T + 1 + number))
    scene.boards(T + 30)
    status = scene.truth.status(NEIGHBOUR, at(T + 40))
    assert (status.level, status.alerts, status.stale) == (Level.UNKNOWN, (), ())
    assert scene.level(RAION, T + 40) is Level.ALERT
    assert scene.truth.next_change(at(T + 40)) is not None


def test_what_left_the_index_is_told_by_authority_and_key(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A desk learns where its own alerts were lost, all or those after a point, and up to which
    point something of a key is known."""
    monkeypatch.setattr("holub_protocol.words.WORDS_PER_KEY", 2)
    third = Desk(9, 3)
    for desk, area in ((scene.nation, LVIV), (scene.one, RAION), (scene.two, KYIV), (third, KYIV)):
        said = [desk.start((area,), T + n) for n in range(3)]
        desk.tell(scene.truth, *said)
        other = desk.start((NEIGHBOUR, OBLAST), T + 9)
        last = desk.start((HROMADA,), T + 10)
        desk.tell(scene.truth, other, last)
        assert scene.truth.last_points(desk.authority)[desk.kid] == last.point
        lost = tuple(sorted((area, NEIGHBOUR, OBLAST)))
        assert scene.truth.lost_areas(desk.authority, desk.kid) == lost
        after = said[-1].point
        assert scene.truth.lost_areas(desk.authority, desk.kid, after) == (NEIGHBOUR, OBLAST)
        assert scene.truth.lost_areas(desk.authority, desk.kid, other.point) == ()
    assert len(scene.truth.last_points(REGION)) == 2
    assert scene.truth.lost_areas(NATION, scene.one.kid) == ()
    assert scene.truth.last_points(4) == {}


def test_open_words_are_those_of_one_authority(scene: Scene) -> None:
    """So are the keys in doubt; another authority's are not its desk's to list."""
    third = Desk(9, 3)
    starts = {}
    for desk in (scene.nation, scene.one, third):
        starts[desk.authority] = desk.start((RAION,), T)
        desk.tell(scene.truth, starts[desk.authority])
    for authority, start in starts.items():
        (word,) = scene.truth.open_words(authority)
        assert (word.authority, word.incident) == (authority, start.id[:8])
        assert scene.truth.doubted_keys(authority) == ()
    scene.truth.set_doubted([start.id for start in starts.values()])
    for desk in (scene.nation, scene.one, third):
        assert scene.truth.doubted_keys(desk.authority) == (desk.kid,)
    assert [scene.truth.open_words(authority) for authority in starts] == [()] * 3


def test_boards_in_doubt_are_left_out_where_that_is_asked(scene: Scene) -> None:
    """Who composes a board looks at all; who vouches for a place at those that can be trusted."""
    for desk in (scene.one, scene.two):
        desk.tell(scene.truth, desk.message(BoardBody(330), OBLAST, T))
    all_ = [board.id for board in scene.truth.newest_boards(REGION)]
    scene.truth.set_doubted(all_[:1])
    assert [board.id for board in scene.truth.newest_boards(REGION)] == all_
    assert [board.id for board in scene.truth.newest_boards(REGION, trusted=True)] == all_[1:]


def test_a_withdraw_of_a_region_unknown_here_is_shown_there(scene: Scene) -> None:
    """A node with an older registry answers for the number that it is asked for."""
    withdraw = scene.one.alert(Verb.WITHDRAW, (99_998,), T, (b"incident",))
    scene.one.tell(scene.truth, withdraw)
    assert len(scene.truth.status(99_998, at(T)).withdrawn) == 1
    assert scene.truth.status(99_997, at(T)).withdrawn == ()
    assert scene.truth.status(99_999, at(T)).withdrawn == ()


def test_who_may_end_whose_alert_follows_from_the_charges(scene: Scene) -> None:
    """Those above, up to the top, and nobody below, beside, or without an authority."""
    city, nobody = Desk(8, 3), Desk(9, 0)
    scene.truth.set_charges((*CHARGES, Charge(3, REGION, (OBLAST,), ())))
    for speaker, enders in (
        (scene.nation, [NATION]),
        (scene.one, [NATION, REGION]),
        (city, [NATION, REGION, 3]),
    ):
        ended = []
        for ender in (scene.nation, scene.two, city, nobody):
            start = speaker.start((RAION,), T)
            clear = ender.alert(Verb.CLEAR, (RAION,), T + 9, (start.id[:8],))
            speaker.tell(scene.truth, start)
            ender.tell(scene.truth, clear)
            if not scene.truth.alerts(at(T)):
                ended.append(ender.authority)
            scene.truth.forget(start.id)
        assert ended == enders
    scene.truth.set_charges((Charge(1, 2, (0,), ()), Charge(2, 1, (0,), ())))
    assert scene.level(RAION, T) is Level.UNKNOWN


def test_the_last_word_is_that_of_the_place_above_and_within(scene: Scene) -> None:
    """Not of a neighbour; made-up regions fill no table."""
    scene.one.tell(scene.truth, scene.one.start((RAION, 99_998), T + 5))
    scene.one.tell(scene.truth, scene.one.start((RAION,), T + 3))
    places = (HROMADA, RAION, OBLAST, EVERYWHERE, NEIGHBOUR, LVIV, 99_998)
    words = [scene.truth.status(place, at(T + 9)).last_word_s for place in places]
    assert words == [T + 5] * 4 + [None] * 3
    tables = [table for table in vars(scene.truth).values() if isinstance(table, dict)]
    assert not any(99_998 in table for table in tables)


def test_notices_do_not_hide_one_another(scene: Scene) -> None:
    """Of what is doubted, waits, is over or is of another verb nothing is shown, and of the rest
    everything, whatever came first."""
    scene.truth.set_charges(CHARGES, registrars=2)
    gas = scene.nation.start((RAION,), T, hazard=5)
    test = scene.nation.alert(Verb.TEST, (RAION,), T)
    doubted = scene.one.alert(Verb.WITHDRAW, (RAION,), T, (b"incident",))
    waits = scene.nation.alert(Verb.WITHDRAW, (RAION,), T, (gas.id[:8],), hazard=5)
    over = scene.one.alert(Verb.WITHDRAW, (RAION,), T, (b"incident",), lifetime_s=60)
    good = scene.one.alert(Verb.WITHDRAW, (RAION,), T, (b"incident",))
    last = scene.nation.alert(Verb.TEST, (RAION,), T)
    scene.nation.tell(scene.truth, gas, test, waits)
    scene.one.tell(scene.truth, doubted, over, good)
    scene.nation.tell(scene.truth, last)
    scene.truth.set_doubted([doubted.id])
    status = scene.truth.status(RAION, at(T + 100))
    assert [(v.message_id, v.incident) for v in status.withdrawn] == [(good.id, b"incident")]
    tests = scene.truth.tests(at(T + 100))
    assert sorted(view.message_id for view in tests) == sorted([test.id, last.id])
    views = (*status.withdrawn, *tests, *status.alerts, *scene.truth.alerts(at(T)))
    assert [view.stale for view in views] == [False] * 5


def test_an_authority_vouches_for_what_it_answers_for_within_a_place() -> None:
    """Its other areas do not matter there, where the place is wider than each of them."""
    truth = Truth(TREE, (Charge(REGION, 0, (LVIV, RAION), (0,)),))
    desk = Desk(10, REGION)
    truth.set_standing(desk.key, REGION, Standing((Reach((RAION,), (0,)),)))
    truth.add(desk.message(BoardBody(330), RAION, T), desk.key, REGION)
    levels = [truth.status(place, at(T)).level for place in (RAION, OBLAST, LVIV, EVERYWHERE)]
    assert levels == [Level.CLEAR, Level.CLEAR, Level.UNKNOWN, Level.UNKNOWN]


def test_what_was_over_is_not_lost(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A desk need not answer for what somebody had ended before it left the index."""
    monkeypatch.setattr("holub_protocol.words.WORDS_PER_KEY", 2)
    for n, area in enumerate((RAION, NEIGHBOUR, KYIV, LVIV)):
        start = scene.one.start((area,), T + n)
        scene.one.tell(scene.truth, start)
        if area == RAION:
            clear = scene.nation.alert(Verb.CLEAR, (area,), T + 9, (start.id[:8],))
            scene.nation.tell(scene.truth, clear)
    assert scene.truth.lost_areas(REGION, scene.one.kid) == (NEIGHBOUR,)


def test_what_left_the_index_hides_no_stale_word(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The place is unknown for both reasons, and the one that has a name is shown."""
    monkeypatch.setattr("holub_protocol.words.WORDS_PER_KEY", 2)
    flood = [scene.one.start((RAION,), T + n, lifetime_s=60) for n in range(4)]
    scene.one.tell(scene.truth, *flood)
    late = scene.two.start((RAION,), T, lifetime_s=60)
    scene.two.tell(scene.truth, late)
    stale = scene.truth.status(RAION, at(T + 600)).stale
    assert late.id in [view.message_id for view in stale]
    assert all(view.hazard for view in stale)
