"""The report as one HTML file."""

import re
from dataclasses import replace
from html.parser import HTMLParser

from holub_sim.checks import Violation
from holub_sim.damage import Damage
from holub_sim.expect import Verdict
from holub_sim.faults import Band
from holub_sim.page import page
from support_report import shown

_VOID = ("meta", "!doctype")


class Balance(HTMLParser):
    """Notes elements that are not closed."""

    def __init__(self) -> None:
        """Nothing is open."""
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """One more."""
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """It must be the last one."""
        assert self.open.pop() == tag


def test_it_stands_alone() -> None:
    """No script, nothing from elsewhere, every element closed, under 200 kB."""
    made = page(shown(), "holub sim run x --seed 1")
    assert "<script" not in made
    assert not re.search(r"(src|href)=|url\(|@import", made)
    assert len(made) < 200_000
    balance = Balance()
    balance.feed(made)
    assert balance.open == []


def test_it_has_every_part_for_light_dark_and_paper() -> None:
    """Its headings, and the three styles."""
    made = page(shown(), "again", [Damage("lateness p99", "ms", 4.0, 1.0, 7.0, 3)])
    assert re.findall("<h2>(.*?)</h2>", made) == [
        "What went wrong", "Delivery", "Latency", "How the slowest alert spread",
        "What the attacker achieved", "Stores", "Served worst", "Rules broken", "Again",
    ]  # fmt: skip
    assert "prefers-color-scheme: dark" in made
    assert "@media print" in made
    assert "+4 ms (+1 to +7)" in made


def test_the_legend_names_what_is_drawn() -> None:
    """Attacks and revoked keys stand in it where there are any."""
    bands = tuple(Band(what, what, 0, 9) for what in ("power", "attack sybil", "revocation"))
    for count, words in ((1, ()), (2, ("attacks",)), (3, ("attacks", "keys that are revoked"))):
        made = page(replace(shown(), bands=bands[:count]), "again")
        (legend,) = re.findall("outages(.*?); all are drawn", made)
        assert tuple(re.findall(r"</span>([a-z ]+)", legend)) == words


def test_what_was_expected_is_told_with_what_was_measured() -> None:
    """Each line of it, and in the first sentence how many do not hold."""
    report = replace(
        shown().report, expected=(Verdict("a >= 1", True, "2"), Verdict("b < 3", False, "9"))
    )
    made = page(replace(shown(), report=report), "again")
    assert "1 of 2 expectations do not hold" in made
    rows = re.findall(r"<code>(.*?)</code></td><td class=\"n\">(.*?)</td>.*?>(holds|fails)<", made)
    assert rows == [("a &gt;= 1", "2", "holds"), ("b &lt; 3", "9", "fails")]


def test_a_broken_rule_is_told_with_the_command_that_repeats_it() -> None:
    """Where, when and what, and text of the scenario is only text."""
    broken = Violation(1_500_000, "d1/r1", "quota", "holds <too> much")
    report = replace(shown().report, violations=(broken,), broken=1)
    made = page(replace(shown(), report=report, text="<b>"), "holub sim run x --seed 9")
    assert "holds &lt;too&gt; much" in made
    assert "1.500 s" in made
    assert "holub sim run x --seed 9" in made
    assert "<b></p>" not in made
    assert ">failed</span>" in made
