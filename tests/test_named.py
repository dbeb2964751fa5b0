"""Pages that rest on tests name tests that exist."""

import re
from pathlib import Path

from holub_sim.attacks.table import ATTACKS

ROOT = Path(__file__).resolve().parents[1]
LISTED = 30
"""Attacks on the project's list."""


def page() -> str:
    """Return docs/hazards.md."""
    return (ROOT / "docs" / "hazards.md").read_text("utf-8")


def rows(title: str) -> list[list[str]]:
    """Return the cells of all table rows of one section of the page."""
    section = page().split(f"\n## {title}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def defined() -> set[str]:
    """Return the names of all tests."""
    sources = (path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    return {name for source in sources for name in re.findall(r"def (test_\w+)", source)}


def test_hazards_page_names_tests_that_exist() -> None:
    """A defence that docs/hazards.md claims has the test that it names."""
    named = set(re.findall(r"`(test_\w+)`", page()))
    assert len(named) > 100
    assert sorted(named - defined()) == []


def test_hazards_page_names_attackers_that_exist() -> None:
    """Each attacker of the simulator stands in the table, and no other."""
    assert sorted(set(re.findall(r"`sim:([a-z-]+)`", page()))) == sorted(ATTACKS)


def test_each_listed_attack_has_its_row() -> None:
    """The thirty stand there once each, in their order."""
    numbers = [int(row[0]) for row in rows("Attacks") if row[0].isdigit()]
    assert numbers == list(range(1, LISTED + 1))


def test_each_attack_is_tested_or_said_to_be_open() -> None:
    """A row names a test or an attacker, or says that it does not apply or is not defended."""
    found = [row for row in rows("Attacks") if not set(row[0]) <= set("#-|")]
    found = [row for row in found if row[0] != "attack"]
    assert len(found) > LISTED + 15
    for row in found:
        attack, precedent, defence, tests, *_ = row[1:] if row[0].isdigit() else row
        assert attack, row
        assert precedent, row
        assert defence, row
        assert re.search(r"`(test_\w+|sim:[\w-]+)`", tests) or tests in (
            "does not apply",
            "not defended",
        ), row


def test_each_hazard_of_alerts_has_its_controls_tested() -> None:
    """Forged, withheld, stale, false all-clear and flooded are there, each with tests."""
    found = {row[0].split(":")[0]: row for row in rows("Alerts themselves")}
    for hazard in ("forged", "withheld", "stale", "false all-clear", "flooded node"):
        _, action, controls, tests = found[hazard]
        assert action, hazard
        assert controls, hazard
        assert "`test_" in tests, hazard


def test_mutation_page_tells_of_every_module_and_names_tests_that_exist() -> None:
    """Each module that scripts/mutate changes has its row in docs/mutation.md."""
    text = (ROOT / "docs" / "mutation.md").read_text("utf-8")
    script = (ROOT / "scripts" / "mutate.py").read_text("utf-8")
    changed = re.findall(r'^    "\w+/holub_\w+/(\w+\.py)": \($', script, re.M)
    assert len(changed) > 5
    assert re.findall(r"^\| `(\w+\.py)` \|", text, re.M) == changed
    assert sorted(set(re.findall(r"`(test_\w+)`", text)) - defined()) == []
