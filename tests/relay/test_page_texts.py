"""Words, ages and times of the page."""

from datetime import UTC

import pytest

from holub_relay.page.texts import (
    CERTAINTIES,
    LANGUAGES,
    LEVELS,
    Clockface,
    age_text,
    age_units,
    local_zone,
    texts,
)

NOON_S = 1_661_331_900  # 2022-08-24 12:05 in Kyiv, 09:05 UTC


@pytest.mark.parametrize(
    ("age_s", "uk", "en"),
    [
        (0, "менше хвилини", "under a minute"),
        (59, "менше хвилини", "under a minute"),
        (60, "1 хв", "1 min"),
        (720, "12 хв", "12 min"),
        (3599, "59 хв", "59 min"),
        (3600, "1 год", "1 h"),
        (3900, "1 год 5 хв", "1 h 5 min"),
        (86_400, "1 дн", "1 d"),
        (88 * 3600, "3 дн 16 год", "3 d 16 h"),
    ],
)
def test_ages(age_s: int, uk: str, en: str) -> None:
    """An age is written in its two largest units, and a unit that is nought is left out."""
    assert age_text(age_s, age_units("uk", True)) == uk
    assert age_text(age_s, age_units("en", True)) == en


def test_age_under_a_minute_without_a_clock() -> None:
    """After "at least", no age reads as a number and not as an upper bound."""
    assert age_text(5, age_units("en", False)) == "0 min"


def test_times() -> None:
    """Times are Kyiv's; the day is written where it is another or unknown."""
    face = Clockface(*local_zone())
    assert face.text(NOON_S, NOON_S + 60) == "12:05"
    assert face.text(NOON_S, NOON_S + 86_400) == "24.08.2022 12:05"
    assert face.text(NOON_S, None) == "24.08.2022 12:05"


def test_times_without_zone_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a table of time zones, UTC is shown and says so."""
    monkeypatch.setattr("holub_relay.page.texts._ZONES", ("Nowhere/Atall",))
    zone, label = local_zone()
    assert zone is UTC
    assert Clockface(zone, label).text(NOON_S, NOON_S) == "09:05 UTC"


def test_both_languages_say_everything() -> None:
    """Every sentence exists in both languages, and they differ."""
    uk, en = (texts(lang) for lang in LANGUAGES)
    assert uk.keys() == en.keys()
    assert all(uk[name] and en[name] and uk[name] != en[name] for name in uk)
    for table in (LEVELS, CERTAINTIES):
        assert all(text.uk and text.en for text in table.values())
