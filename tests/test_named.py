"""Pages that rest on tests name tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_hazards_page_names_tests_that_exist() -> None:
    """A defence that docs/hazards.md claims has the test that it names."""
    sources = sorted((ROOT / "tests").rglob("test_*.py"))
    defined = {
        name for path in sources for name in re.findall(r"def (test_\w+)", path.read_text("utf-8"))
    }
    page = (ROOT / "docs" / "hazards.md").read_text("utf-8")
    named = set(re.findall(r"`(test_\w+)`", page))
    assert len(named) > 30
    assert sorted(named - defined) == []
