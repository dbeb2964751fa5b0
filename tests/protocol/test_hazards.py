"""The tables of hazards, guidance and verbs."""

import json
from pathlib import Path

import pytest

from holub_protocol.hazards import all_hazards, guidance, hazard, hazard_named, verb_name
from holub_protocol.kinds.alert import HAZARD_MAX, Verb

CAMF = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "camf"


def test_every_hazard_of_the_plan_is_there() -> None:
    """The fifteen tokens are all in the table, each with a number and a rank of its own."""
    rows = list(all_hazards())
    tokens = (
        "air-raid missile ballistic drone artillery street-fighting chemical nuclear flood fire "
        "power-outage water-outage curfew evacuation other"
    )
    assert " ".join(row.token for row in rows) == tokens
    assert len({row.number for row in rows}) == len({row.severity for row in rows}) == len(rows)
    assert all(0 < row.number <= HAZARD_MAX for row in rows)


def test_dangerous_hazards_are_those_that_need_two_issuers() -> None:
    """Only nuclear and chemical need two of n, and a false one of either is worst of all."""
    assert sorted(row.token for row in all_hazards() if row.dangerous) == ["chemical", "nuclear"]
    assert max(all_hazards(), key=lambda row: row.severity).token == "nuclear"


@pytest.mark.parametrize("lang", ["uk", "en"])
def test_every_code_has_plain_words(lang: str) -> None:
    """Names and guidance exist in both languages, and short enough for a wall screen."""
    for row in all_hazards():
        assert 0 < len(row.name.say(lang)) <= 32
        assert 0 < len(row.guidance.say(lang)) <= 110
    assert len({verb_name(verb).say(lang) for verb in Verb}) == len(Verb)


def test_ukrainian_and_english_are_not_mixed_up() -> None:
    """Ukrainian texts have no Latin letters and English ones no Cyrillic ones."""
    texts = [text for row in all_hazards() for text in (row.name, row.guidance)]
    texts += [verb_name(verb) for verb in Verb]
    texts += [text for code in range(1024) if (text := guidance(code))]
    assert len(texts) > 50
    for text in texts:
        assert not any("a" <= letter <= "z" for letter in text.uk.lower())
        assert text.en.isascii()


def test_an_unknown_number_gets_general_words() -> None:
    """A hazard of a newer table is shown as danger, above outages, never dropped."""
    unknown = hazard(777)
    assert unknown.number == 777
    assert unknown.name.en == "Danger"
    assert unknown.severity > hazard_named("power-outage").severity
    assert not unknown.dangerous
    assert guidance(777) is None


def test_a_misspelt_token_lists_the_tokens() -> None:
    """Whoever types a wrong hazard is told the right ones."""
    assert hazard_named("missile").number == 8
    with pytest.raises(ValueError, match=r"'misile'.*ballistic"):
        hazard_named("misile")


@pytest.mark.skipif(not CAMF.is_dir(), reason="no CAMF tables beside the checkout")
def test_numbers_below_128_mean_what_camf_means() -> None:
    """A gateway to satellite warnings can pass our numbers on unchanged; own ones start at 200."""
    table = json.loads((CAMF / "HazardCategoryAndType.json").read_text("utf-8"))
    camf = {row["dec"]: row["param"]["en"].split(" - ")[1] for row in table["code"]}
    shared = {row.token: camf[row.number] for row in all_hazards() if row.number < 200}
    assert shared == {
        "air-raid": "Air strike",
        "missile": "Missile attack",
        "chemical": "Chemical hazard",
        "nuclear": "Nuclear hazard",
        "flood": "Flood",
        "fire": "Conflagration",
        "power-outage": "Power outage",
    }
