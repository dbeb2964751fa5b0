"""Two authorities for what is dangerous or massive: what waits, who may endorse, what passes."""

import csv
import gzip
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holub_crypto.trust import Reach, Standing
from holub_protocol.areas import ukraine
from holub_protocol.facts import EVERYTHING
from holub_protocol.kinds.alert import Verb
from holub_protocol.kinds.board import BoardBody, Listed
from holub_protocol.kinds.endorse import EndorseBody
from holub_protocol.message import Message
from holub_protocol.seconds import ENDORSEMENTS_PER_KEY, MASS_WINDOW_S, MASS_WORDS
from holub_protocol.truth import Charge, Level, Truth
from support_alerts import START_S as T
from support_alerts import Desk, at

TREE = ukraine()
OBLAST, KYIV = 30281, 93317
NATION, REGION, CITY = 1, 2, 3
CHEMICAL, RAID = 5, 1
CHARGES = (
    Charge(NATION, 0, (0,), (0,)),
    Charge(REGION, 1, (0,), (0,)),
    Charge(CITY, 0, (KYIV,), (RAID,)),
)
PLACES = TREE.board_order


class Scene:
    """Desks of three authorities under two registrars, and an observer."""

    def __init__(self, registrars: int = 2, charges: tuple[Charge, ...] = CHARGES) -> None:
        self.truth = Truth(TREE, ())
        self.truth.set_charges(charges, registrars)
        self.nation, self.region, self.city = Desk(1, NATION), Desk(2, REGION), Desk(3, CITY)
        self.sibling, self.friend = Desk(4, NATION), Desk(5, REGION)
        for desk, registrar in (
            (self.nation, b"r1"), (self.region, b"r2"), (self.city, b"r2"), (self.sibling, b"r2"),
            (self.friend, b"r1"),
        ):  # fmt: skip
            self.stand(desk, Standing(EVERYTHING, (registrar,)))

    def stand(self, desk: Desk, standing: Standing) -> None:
        """Say what a desk is to its authority."""
        self.truth.set_standing(desk.key, desk.authority, standing)

    def endorse(self, desk: Desk, *messages: Message) -> list[Message]:
        """Let a desk stand by messages."""
        endorsements = [endorsement(desk, message) for message in messages]
        desk.tell(self.truth, *endorsements)
        return endorsements

    def level(self, area: int = KYIV) -> Level:
        """What people are shown."""
        return self.truth.status(area, at(T + 700)).level

    def on(self) -> int:
        """How many words are on."""
        return len(self.truth.alerts(at(T + 700)))


def endorsement(desk: Desk, message: Message, created_s: int = T + 30) -> Message:
    """Return a desk's endorsement of a message."""
    return desk.message(EndorseBody(message.id[:16]), KYIV, created_s)


def raids(desk: Desk, count: int, created_s: int = T) -> list[Message]:
    """Return starts of incidents in so many places."""
    return [desk.start((area,), created_s) for area in PLACES[:count]]


def ends(desk: Desk, starts: Iterable[Message], created_s: int = T + 60) -> list[Message]:
    """Return one clear for each start."""
    return [desk.alert(Verb.CLEAR, (start.area,), created_s, (start.id[:8],)) for start in starts]


def test_a_dangerous_start_is_on_and_unconfirmed() -> None:
    """Nobody waits for the second word to hear of gas; the page says that it is one's only."""
    scene = Scene()
    start = scene.nation.start((KYIV,), T, hazard=CHEMICAL)
    scene.nation.tell(scene.truth, start)
    assert [view.unconfirmed for view in scene.truth.alerts(at(T))] == [True]
    assert scene.level() is Level.ALERT
    scene.endorse(scene.region, start)
    assert [view.unconfirmed for view in scene.truth.alerts(at(T))] == [False]
    raid = scene.nation.start((KYIV,), T)
    scene.nation.tell(scene.truth, raid)
    assert [view.unconfirmed for view in scene.truth.alerts(at(T))] == [False, False]


@pytest.mark.parametrize("verb", [Verb.CLEAR, Verb.WITHDRAW])
def test_a_dangerous_alert_stays_on_until_its_end_is_endorsed(verb: Verb) -> None:
    """One desk's clear, or withdraw, is announced and ends nothing; nor is it called withdrawn."""
    scene = Scene()
    start = scene.nation.start((KYIV,), T, hazard=CHEMICAL)
    end = scene.nation.alert(verb, (KYIV,), T + 9, (start.id[:8],), hazard=CHEMICAL)
    scene.nation.tell(scene.truth, start, end)
    status = scene.truth.status(KYIV, at(T + 9))
    assert (status.level, status.withdrawn) == (Level.ALERT, ())
    assert [view.removal for view in status.alerts] == [end.id]
    scene.endorse(scene.region, end)
    status = scene.truth.status(KYIV, at(T + 9))
    assert status.level is Level.UNKNOWN
    assert len(status.withdrawn) == (verb is Verb.WITHDRAW)


def test_that_a_removal_waits_is_news() -> None:
    """Also where another waits already and the alert now names the new one."""
    scene = Scene()
    start = scene.nation.start((KYIV,), T, hazard=CHEMICAL)
    name = (start.id[:8],)
    clears = [
        scene.nation.alert(Verb.CLEAR, (KYIV,), T + 9 + n, name, hazard=CHEMICAL) for n in range(2)
    ]
    first, last = sorted(clears, key=lambda clear: clear.id)
    changes = scene.nation.tell(scene.truth, start, last, first)
    assert [change.visible for change in changes] == [True] * 3
    assert [view.removal for view in scene.truth.alerts(at(T))] == [first.id]


def test_a_doubted_removal_waits_for_nobody() -> None:
    """What a thief's key has said is not put before a second authority; an endorsement is news."""
    scene = Scene()
    start = scene.nation.start((KYIV,), T, hazard=CHEMICAL)
    end = scene.nation.alert(Verb.CLEAR, (KYIV,), T + 9, (start.id[:8],), hazard=CHEMICAL)
    scene.nation.tell(scene.truth, start, end)
    assert [view.removal for view in scene.truth.alerts(at(T))] == [end.id]
    scene.truth.set_doubted([end.id], [end.id])
    assert [view.removal for view in scene.truth.alerts(at(T))] == [b""]
    (change,) = scene.region.tell(scene.truth, endorsement(scene.region, start))
    assert change.visible


def test_of_many_withdraws_none_counts_alone() -> None:
    """Each that waits is kept back, not only the one that the alert names; one endorsement ends
    the alert, and then they are all shown."""
    scene = Scene()
    start = scene.nation.start((KYIV,), T, hazard=CHEMICAL)
    name = (start.id[:8],)
    ends = [
        scene.nation.alert(Verb.WITHDRAW, (KYIV,), T + 9 + n, name, hazard=CHEMICAL)
        for n in range(3)
    ]
    scene.nation.tell(scene.truth, start, *ends)
    assert scene.truth.status(KYIV, at(T + 20)).withdrawn == ()
    scene.endorse(scene.region, ends[1])
    status = scene.truth.status(KYIV, at(T + 20))
    assert (status.level, len(status.withdrawn)) == (Level.UNKNOWN, 3)


def test_boards_and_updates_end_nothing_dangerous() -> None:
    """A board that leaves it out and an update that drops the place let it stand; an update that
    says it anew takes over."""
    scene = Scene()
    start = scene.nation.start((KYIV, OBLAST), T, hazard=CHEMICAL)
    scene.nation.tell(scene.truth, start, scene.nation.message(BoardBody(330), KYIV, T + 5))
    assert scene.on() == 2
    narrower = scene.nation.alert(Verb.UPDATE, (KYIV,), T + 9, (start.id[:8],), hazard=CHEMICAL)
    scene.nation.tell(scene.truth, narrower)
    views = {view.area: view for view in scene.truth.alerts(at(T + 9))}
    assert (views[KYIV].message_id, views[OBLAST].message_id) == (narrower.id, start.id)
    assert (views[KYIV].removal, views[OBLAST].removal) == (b"", narrower.id)
    points = {word.area: word.point for word in scene.truth.open_words(NATION)}
    assert points == {KYIV: narrower.point, OBLAST: start.point}
    assert len(scene.truth.open_words(NATION)) == 2


@pytest.mark.parametrize(
    ("who", "counts"),
    [("region", True), ("sibling", False), ("friend", False), ("city", False), ("nation", False)],
)
def test_who_may_endorse(who: str, counts: bool) -> None:
    """Another authority, under another registrar, whose grants reach the place and the hazard."""
    scene = Scene()
    scene.stand(scene.city, Standing((Reach((KYIV,), (RAID,)),), (b"r2",)))
    start = scene.nation.start((KYIV,), T, hazard=CHEMICAL)
    scene.nation.tell(scene.truth, start)
    endorsements = scene.endorse(getattr(scene, who), start)
    assert scene.truth.alerts(at(T))[0].unconfirmed is not counts
    scene.truth.set_doubted([endorsements[0].id])
    assert scene.truth.alerts(at(T))[0].unconfirmed


@pytest.mark.parametrize(
    ("registrars", "charges"),
    [(0, CHARGES), (1, CHARGES), (2, CHARGES[:1]), (2, (CHARGES[0], CHARGES[2]))],
)
def test_where_there_is_no_second_nobody_waits_for_it(
    registrars: int, charges: tuple[Charge, ...]
) -> None:
    """One registrar, one authority, or none besides that answers for the hazard: else a real
    alert of gas could never be ended."""
    scene = Scene(registrars, charges)
    start = scene.nation.start((KYIV,), T, hazard=CHEMICAL)
    scene.nation.tell(scene.truth, start)
    assert [view.unconfirmed for view in scene.truth.alerts(at(T))] == [False]
    end = scene.nation.alert(Verb.CLEAR, (KYIV,), T + 9, (start.id[:8],), hazard=CHEMICAL)
    scene.nation.tell(scene.truth, end)
    assert scene.on() == 0


def test_a_mass_of_clears_waits() -> None:
    """What lies beyond MASS_WORDS in ten minutes waits and stays on, each until it is endorsed."""
    scene = Scene()
    starts = raids(scene.nation, MASS_WORDS + 5)
    clears = ends(scene.nation, starts)
    scene.nation.tell(scene.truth, *starts, *clears[:MASS_WORDS])
    assert scene.on() == 5
    scene.nation.tell(scene.truth, *clears[MASS_WORDS:])
    assert [view.removal for view in scene.truth.alerts(at(T + 99))] != [b""] * 5
    assert scene.on() == 5
    # The endorser stands behind each: it answers for the whole country here.
    scene.endorse(scene.region, *clears[MASS_WORDS:-1])
    assert scene.on() == 1


def test_ten_minutes_later_is_another_mass() -> None:
    """The window slides by the times that the key claims."""
    for later_s, left in ((MASS_WINDOW_S - 1, 1), (MASS_WINDOW_S, 0)):
        scene = Scene()
        starts = raids(scene.nation, MASS_WORDS + 1)
        first = ends(scene.nation, starts[:-1])
        last = ends(scene.nation, starts[-1:], T + 60 + later_s)
        scene.nation.tell(scene.truth, *starts, *first, *last)
        assert scene.on() == left


def test_one_message_can_be_a_mass() -> None:
    """A withdraw of one incident everywhere, or an update that drops all but one place."""
    for verb in (Verb.WITHDRAW, Verb.UPDATE):
        scene = Scene()
        start = scene.nation.start(PLACES[: MASS_WORDS + 2], T)
        areas = PLACES[: MASS_WORDS + 2] if verb is Verb.WITHDRAW else PLACES[:1]
        end = scene.nation.alert(verb, areas, T + 9, (start.id[:8],))
        scene.nation.tell(scene.truth, start, end)
        assert scene.on() == MASS_WORDS + 2
        scene.endorse(scene.region, end)
        assert scene.on() == (verb is Verb.UPDATE)


def test_what_an_update_says_anew_it_does_not_remove() -> None:
    """Of 70 places 40 are said anew and 30 dropped: no mass."""
    scene = Scene()
    start = scene.nation.start(PLACES[:70], T)
    update = scene.nation.alert(Verb.UPDATE, PLACES[:40], T + 9, (start.id[:8],))
    scene.nation.tell(scene.truth, start, update)
    assert scene.on() == len(scene.truth.open_words(NATION)) == 40


def test_a_board_can_be_a_mass() -> None:
    """An empty board of a stolen key ends MASS_WORDS words at most; it does not matter whether
    clears of the same key wait already."""
    for count, left in ((MASS_WORDS, 0), (MASS_WORDS + 1, MASS_WORDS + 1)):
        scene = Scene()
        scene.nation.tell(scene.truth, *raids(scene.nation, count))
        scene.nation.tell(scene.truth, scene.nation.message(BoardBody(330), KYIV, T + 60))
        assert scene.on() == left
    scene = Scene()
    starts = raids(scene.nation, 2 * MASS_WORDS + 1)
    scene.nation.tell(scene.truth, *starts, *ends(scene.nation, starts))
    scene.nation.tell(scene.truth, scene.nation.message(BoardBody(330), KYIV, T + 90))
    assert scene.on() == MASS_WORDS + 1


def test_an_honest_board_after_a_busy_day_is_none() -> None:
    """What was cleared by name does not count against the board that leaves it out."""
    scene = Scene()
    starts = raids(scene.nation, 3 * MASS_WORDS // 2)
    for place, start in enumerate(starts):
        scene.nation.tell(scene.truth, start, *ends(scene.nation, [start], T + 60 * place))
    stays = scene.nation.start((KYIV,), T + 6000)
    word = Listed(stays.created_s, stays.k, b"", RAID, stays.id[:8], (KYIV,))
    scene.nation.tell(scene.truth, stays, scene.nation.start((OBLAST,), T + 6001))
    assert scene.on() == 2
    board = scene.nation.message(BoardBody(330, words=(word,)), KYIV, T + 6060)
    scene.nation.tell(scene.truth, board)
    assert [view.area for view in scene.truth.alerts(at(T + 6060))] == [KYIV]


def test_every_real_night_passes(shared_data: Path) -> None:
    """In none of the country's ten minutes on record did more alerts end than pass unhindered."""
    record = shared_data / "sirens" / "official_data_en.csv.gz"
    with gzip.open(record, "rt", encoding="utf-8") as file:
        ended = sorted(
            datetime.fromisoformat(row["finished_at"]).timestamp()
            for row in csv.DictReader(file)
            if row["finished_at"]
        )
    oldest = most = 0
    for place, moment in enumerate(ended):
        while ended[oldest] <= moment - MASS_WINDOW_S:
            oldest += 1
        most = max(most, place - oldest + 1)
    assert len(ended) > 40_000
    assert most == 58 <= MASS_WORDS


def test_endorsements_stay_as_long_as_what_they_endorse() -> None:
    """They are pinned with it, and let go with it; of one key the newest count."""
    scene = Scene()
    start = scene.nation.start((KYIV,), T, hazard=CHEMICAL)
    (endorsed,) = scene.endorse(scene.region, start)
    assert not scene.truth.pinned(endorsed.id)
    scene.nation.tell(scene.truth, start)
    assert scene.truth.pinned(endorsed.id)
    assert endorsed.id in scene.truth.forget(start.id)
    scene.nation.tell(scene.truth, start)
    more = [endorsement(scene.region, start, T + 31 + n) for n in range(ENDORSEMENTS_PER_KEY)]
    changes = scene.region.tell(scene.truth, *more)
    assert [change.released for change in changes if change.released] == [(endorsed.id,)]
    assert endorsed.id not in [fact.message.id for fact in scene.truth.facts()]
    assert scene.truth.pinned(more[0].id)
    for message in more:
        scene.truth.forget(message.id)
    assert scene.truth.alerts(at(T))[0].unconfirmed


@pytest.mark.parametrize("way", [1, -1])
def test_of_too_many_endorsements_the_same_count_in_every_order(
    way: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of equal points the lesser id gives way; one that was forgotten does not count."""
    monkeypatch.setattr("holub_protocol.seconds.ENDORSEMENTS_PER_KEY", 2)
    scene = Scene()
    start = scene.nation.start((KYIV,), T, hazard=CHEMICAL)
    scene.nation.tell(scene.truth, start)
    (gone,) = scene.endorse(scene.region, start)
    scene.truth.forget(gone.id)
    made = [replace(gone, id=bytes([n]) * 32) for n in range(3)]
    changes = scene.region.tell(scene.truth, *made[::way])
    spent = (made[0].id,) if way == 1 else ()  # the last one that came is not told of itself
    assert [change.released for change in changes] == [(), (), spent]
    held = [fact.message.id for fact in scene.truth.facts()]
    assert held == [start.id, *(message.id for message in made[1:][::way])]


def test_without_its_endorsement_a_removal_waits_again() -> None:
    """It counts as long as the endorsement is there and trusted, and no longer."""
    scene = Scene()
    start = scene.nation.start((KYIV,), T, hazard=CHEMICAL)
    end = scene.nation.alert(Verb.CLEAR, (KYIV,), T + 9, (start.id[:8],), hazard=CHEMICAL)
    scene.nation.tell(scene.truth, start, end)
    (endorsed,) = scene.endorse(scene.region, end)
    assert scene.on() == 0
    scene.truth.set_doubted([endorsed.id])
    assert scene.on() == 1
    scene.truth.set_doubted([])
    assert scene.on() == 0
    scene.truth.forget(endorsed.id)
    assert [view.removal for view in scene.truth.alerts(at(T + 99))] == [end.id]


def test_a_mass_ends_at_once_with_the_board_that_made_it_one() -> None:
    """What a forgotten board alone has said was not removed by anybody."""
    scene = Scene()
    starts = raids(scene.nation, MASS_WORDS - 4)
    listed = tuple(
        Listed(T, 9, b"", RAID, bytes([n]) * 8, (PLACES[MASS_WORDS + n],)) for n in range(10)
    )
    board = scene.sibling.message(BoardBody(330, words=listed), KYIV, T + 5)
    scene.nation.tell(scene.truth, *starts)
    scene.sibling.tell(scene.truth, board)
    for word in listed:
        clear = scene.nation.alert(Verb.CLEAR, word.areas, T + 60, (word.incident,))
        scene.nation.tell(scene.truth, clear)
    scene.nation.tell(scene.truth, *ends(scene.nation, starts))
    assert {view.area for view in scene.truth.alerts(at(T + 99))} == set(PLACES[54:60])
    scene.truth.forget(board.id)
    assert scene.on() == 0


def test_a_boards_mass_is_what_nothing_else_ends() -> None:
    """Cleared by name, or forgotten, a word counts against the board no more."""
    for by_name in (True, False):
        scene = Scene()
        starts = raids(scene.nation, MASS_WORDS + 1)
        scene.nation.tell(scene.truth, *starts)
        board = scene.nation.message(BoardBody(330), KYIV, T + 60)
        scene.nation.tell(scene.truth, board)
        assert scene.on() == MASS_WORDS + 1
        (endorsed,) = scene.endorse(scene.city, board)
        if by_name:
            scene.nation.tell(scene.truth, *ends(scene.nation, starts[:1]))
        else:
            scene.truth.forget(starts[0].id)
        assert scene.on() == 0
        newer = scene.nation.message(BoardBody(330), KYIV, T + 90)
        (change,) = scene.nation.tell(scene.truth, newer)
        assert endorsed.id in change.released


def test_what_a_late_mass_gives_back_a_board_may_end() -> None:
    """A clear that turns out to be one of a mass ends nothing; the board that also leaves the
    word out, of nothing else, does."""
    scene = Scene()
    last, *starts = raids(scene.nation, MASS_WORDS + 1)
    (clear,) = ends(scene.nation, [last], T + 90)
    board = scene.nation.message(BoardBody(330), KYIV, T + 95)
    scene.nation.tell(scene.truth, last, clear, board)
    scene.nation.tell(scene.truth, *starts, *ends(scene.nation, starts))
    assert scene.on() == 0
    scene.truth.forget(board.id)
    assert [view.removal for view in scene.truth.alerts(at(T + 99))] == [clear.id]


def test_who_endorses_whom_has_no_direction() -> None:
    """The authority with the lesser number, under the registrar with the lesser key, may too."""
    scene = Scene()
    start = scene.region.start((KYIV,), T, hazard=CHEMICAL)
    scene.region.tell(scene.truth, start)
    assert scene.truth.alerts(at(T))[0].unconfirmed
    scene.endorse(scene.friend, start)
    assert scene.truth.alerts(at(T))[0].unconfirmed
    scene.endorse(scene.nation, start)
    assert not scene.truth.alerts(at(T))[0].unconfirmed


@pytest.mark.parametrize("later_s", [MASS_WINDOW_S, MASS_WINDOW_S + 50])
def test_a_late_removal_counts_only_for_its_own_window(later_s: int) -> None:
    """It makes a mass with those before it, and none of those that come ten minutes after them."""
    scene = Scene()
    late, *starts = raids(scene.nation, 2 * MASS_WORDS)
    starts, after = starts[:MASS_WORDS], starts[MASS_WORDS:]
    scene.nation.tell(scene.truth, *starts, late, *after, *ends(scene.nation, starts))
    scene.nation.tell(scene.truth, *ends(scene.nation, after, T + 60 + later_s))
    assert scene.on() == 1
    scene.nation.tell(scene.truth, *ends(scene.nation, [late], T + 60 + 300))
    assert [view.area for view in scene.truth.alerts(at(T + 700))] == [late.area]


def test_a_forgotten_removal_counts_no_more() -> None:
    """Those that are left are counted on, and in the end no table has anything of them."""
    scene = Scene()
    starts = raids(scene.nation, MASS_WORDS + 3)
    clears = ends(scene.nation, starts)
    scene.nation.tell(scene.truth, *starts, *clears[:-2])
    assert scene.on() == 3
    scene.truth.forget(clears[0].id)
    areas = [view.area for view in scene.truth.alerts(at(T + 700))]
    assert sorted(areas) == sorted(start.area for start in (starts[0], *starts[-2:]))
    scene.nation.tell(scene.truth, *clears[-2:])
    assert scene.on() == 3
    endorsements = scene.endorse(scene.region, clears[0], clears[1], clears[1])
    for message in (*clears[::-1], *starts, *endorsements):
        scene.truth.forget(message.id)
    tables = vars(scene.truth._words._seconds)
    assert [n for n, t in tables.items() if isinstance(t, dict) and t] == ["_charges"]


def mass(scene: Scene) -> list[tuple[Desk, Message]]:
    """Return a night: dangerous and mass, removed and endorsed in every way."""
    nation, region = scene.nation, scene.region
    starts = raids(nation, MASS_WORDS + 4)
    gas = nation.start((KYIV,), T, hazard=CHEMICAL)
    over = nation.alert(Verb.CLEAR, (KYIV,), T + 9, (gas.id[:8],), hazard=CHEMICAL)
    clears = ends(nation, starts[:-2])
    said = [*starts, gas, over, *clears, nation.message(BoardBody(330), KYIV, T + 99)]
    return [
        *((nation, message) for message in said),
        (region, endorsement(region, over)),
        (region, endorsement(region, clears[-1])),
    ]


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_waits_does_not_depend_on_the_order(data: st.DataObject) -> None:
    """Any part of that night, in any order, with some of it forgotten on the way, shows what the
    same part shows in its own order."""
    scene, other = Scene(), Scene()
    night = mass(scene)
    some = data.draw(st.lists(st.sampled_from(night), unique_by=lambda said: said[1].id))
    gone = data.draw(
        st.lists(st.sampled_from(night), unique_by=lambda said: said[1].id, max_size=9)
    )
    for desk, message in some:
        desk.tell(scene.truth, message)
        if (desk, message) in gone:
            scene.truth.forget(message.id)
    for desk, message in night:
        if (desk, message) in some and (desk, message) not in gone:
            desk.tell(other.truth, message)
    assert scene.truth.alerts(at(T + 99)) == other.truth.alerts(at(T + 99))
