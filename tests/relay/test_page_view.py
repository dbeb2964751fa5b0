"""What is shown of a place: every level, marks, ages, and what goes where."""

import pytest

from holub_protocol.kinds.alert import Certainty, Verb
from holub_protocol.trustlist import TrustView
from holub_protocol.truth import Charge
from holub_relay.page.texts import Clockface, local_zone
from holub_relay.page.view import NOTICES, Floor, View, view
from support_page import HOLOSIIV, KYIV, NOW_S, FakeState


def shown(
    state: FakeState,
    lang: str = "en",
    area: int = KYIV,
    lines: int = 28,
    everything: bool = False,
    floor: Floor | None = None,
) -> View:
    """Return what the page shows."""
    return view(
        state,
        lang,
        area,
        floor=floor or Floor(),
        clockface=Clockface(*local_zone()),
        lines=lines,
        everything=everything,
    )


def test_alert_with_its_age() -> None:
    """An alert above the place makes its state, with hazard, age and what to do."""
    state = FakeState()
    state.start(KYIV, 720, guidance=(10,))
    seen = shown(state, "uk", HOLOSIIV)
    assert (seen.level, seen.word) == ("alert", "Тривога")
    assert [(head.hazard, head.age) for head in seen.heads] == [("Повітряна тривога", "12 хв")]
    assert seen.advice[0].startswith("Негайно йдіть в укриття")
    assert seen.advice[1:] == ("Тримайтеся далі від вікон.",)


def test_hazards_of_a_part_stay_out_of_the_banner() -> None:
    """Under an alert of the whole place, one of a part of it is in the list alone."""
    state = FakeState()
    state.start(KYIV, 720)
    state.start(HOLOSIIV, 60, hazard=200)
    seen = shown(state)
    assert [head.hazard for head in seen.heads] == ["Air raid alert"]
    assert {line.area for line in seen.lines} == {"Kyiv city", "Holosiivskyi city district"}


def test_part_of_the_place() -> None:
    """An alert within the place alone is said to be of a part."""
    state = FakeState()
    state.start(HOLOSIIV, 720)
    seen = shown(state)
    assert (seen.level, seen.word) == ("partly", "Alert in part of this area")
    assert [head.age for head in seen.heads] == ["12 min"]


def test_clear_only_by_a_fresh_board() -> None:
    """A fresh board that lists nothing reads as no alert, with its age and the next due."""
    state = FakeState()
    state.board(age_s=120)
    seen = shown(state)
    assert (seen.level, seen.word, seen.heads) == ("clear", "No alert", ())
    assert seen.as_of is not None
    assert seen.as_of.age == "2 min"
    assert seen.due == Clockface(*local_zone()).text(NOW_S - 120 + 600, NOW_S)
    assert not seen.overdue


def test_late_board_is_unknown() -> None:
    """Once the next board is overdue, the state is unknown and the lateness is shown."""
    state = FakeState()
    state.board(age_s=1000)
    seen = shown(state)
    assert (seen.level, seen.overdue) == ("unknown", True)
    assert seen.last_word is not None
    assert seen.last_word.age == "16 min"


def test_expired_alert_is_not_over() -> None:
    """Past its lifetime an alert is unknown, with the last word, and listed as not ended."""
    state = FakeState()
    state.start(KYIV, 3000, lifetime_s=1800)
    seen = shown(state)
    assert (seen.level, len(seen.stale), seen.lines) == ("unknown", 1, ())
    assert seen.last_word is not None
    assert seen.last_word.age == "50 min"


def test_nothing_heard_at_all() -> None:
    """A node that has heard nothing says so."""
    seen = shown(FakeState())
    assert (seen.level, seen.last_word, seen.as_of) == ("unknown", None, None)


def test_withdrawn_is_a_notice_of_its_own() -> None:
    """A withdrawn alert is no longer on, and is told as loudly, by when it was taken back."""
    state = FakeState()
    state.withdraw(state.start(KYIV, 720))
    seen = shown(state)
    assert (seen.level, seen.lines, len(seen.withdrawn)) == ("unknown", (), 1)
    assert seen.withdrawn[0].updated == Clockface(*local_zone()).text(NOW_S - 30, NOW_S)
    assert seen.idents


def test_tests_are_apart_and_silent() -> None:
    """A test is in its own list only, and gives nothing to sound for."""
    state = FakeState()
    state.test()
    seen = shown(state)
    assert (seen.level, seen.lines, seen.heads, len(seen.tests)) == ("unknown", (), (), 1)
    assert seen.idents == ""


def test_marks_of_doubt() -> None:
    """An uncertain alert and one from the future carry a mark."""
    state = FakeState()
    state.start(KYIV, 60, certainty=Certainty.POSSIBLE)
    state.start(HOLOSIIV, -600)
    seen = shown(state)
    assert {line.age: line.marks for line in seen.lines} == {
        "1 min": ("unconfirmed, possible",),
        "under a minute": ("issued ahead of this box's clock",),
    }


@pytest.mark.parametrize("lang", ["uk", "en"])
def test_issuer_is_named_by_the_charter(lang: str) -> None:
    """The issuer's name comes from the charter, whatever a free text claims."""
    state = FakeState()
    state.start(KYIV, text="Президент України", lang="uk")
    line = shown(state, lang).lines[0]
    assert line.authority == state.names[1][lang]
    assert line.saying == "Президент України"


def test_longer_lists_are_counted() -> None:
    """What does not fit the list is counted for the link; the own area's come first."""
    state = FakeState()
    for area in state.areas.board_order[:30]:
        state.start(area)
    state.start(KYIV)
    for number in range(NOTICES + 2):
        state.test(state.areas.board_order[number])
    seen = shown(state)
    assert (len(seen.lines), seen.lines_left_out) == (28, 3 + 2)
    assert seen.lines[0].area == "Kyiv city"
    everything = shown(state, lines=1000, everything=True)
    assert (len(everything.lines), everything.lines_left_out) == (31, 0)
    assert len(everything.tests) == NOTICES + 2


def test_ages_without_a_clock() -> None:
    """With no reliable clock an age is counted from the newest word on, never from the clock."""
    state = FakeState(reliable=False)
    state.start(KYIV, 720)
    state.start(HOLOSIIV, 120)
    state.wall_s = 5
    floor = Floor()
    assert shown(state, floor=floor).heads[0].age == "10 min"
    state.mono_us += 180_000_000
    assert shown(state, floor=floor).heads[0].age == "13 min"


def test_floor_never_falls() -> None:
    """The lower bound goes on with steady time and rises with newer words, never falls."""
    floor = Floor()
    assert floor.at(1000, 0) == 1000
    assert floor.at(900, 50_000_000) == 1050
    assert floor.at(1040, 60_000_000) == 1060
    assert floor.at(2000, 61_000_000) == 2000
    assert floor.at(0, 63_000_000) == 2002


def test_links_between_pages() -> None:
    """Each page leads to itself in the other language, and home."""
    state = FakeState()
    pages = [
        (shown(state, "uk"), "/", "/en"),
        (shown(state, "en"), "/en", "/"),
        (shown(state, "en", HOLOSIIV), f"/en/area/{HOLOSIIV}", f"/area/{HOLOSIIV}"),
        (shown(state, "uk", everything=True), "/alerts", "/en/alerts"),
    ]
    for seen, path, other in pages:
        assert (seen.path, seen.other_path) == (path, other)


def test_what_one_authority_only_has_said() -> None:
    """A dangerous alert is on at once and says that nobody has confirmed it; its end is announced
    and does not count."""
    state = FakeState()
    state.truth.set_charges((Charge(1, 0, (0,), (0,)), Charge(2, 0, (0,), (0,))), registrars=2)
    start = state.start(KYIV, 60, hazard=5)
    assert shown(state, "uk").lines[0].marks == ("не підтверджено другим органом",)
    state.add(state.desk.alert(Verb.CLEAR, (KYIV,), NOW_S, (start.id[:8],), hazard=5))
    assert shown(state).level == "alert"
    assert "чекає на підтвердження" in shown(state, "uk").lines[0].marks[1]
    assert "waits for a second authority" in shown(state).lines[0].marks[1]


def test_the_trust_list_has_a_date() -> None:
    """When a registrar last said that nothing is missing; and that something is."""
    state = FakeState(trusted=TrustView(2, 3, NOW_S - 600, late=True, withheld=True))
    seen = shown(state, "uk")
    assert seen.trust_as_of is not None
    assert seen.trust_as_of.second == NOW_S - 600
    assert (seen.trust_late, seen.withheld) == (True, True)
    assert shown(FakeState(trusted=TrustView(1, 0, None, False, False))).trust_as_of is None
