"""From a run to the files that were asked for."""

from pathlib import Path

from holub_sim.publish import publish
from support_report import PLAN, played


def test_only_what_was_asked_for_is_written(tmp_path: Path) -> None:
    """A page, or a folder, or both."""
    page = tmp_path / "page.html"
    assert publish(played(), PLAN, tmp_path, "again", page) == (page,)
    assert list(tmp_path.iterdir()) == [page]
    both = publish(played(), PLAN, tmp_path, "again", page, tmp_path / "out")
    assert len(both) == 6
    assert publish(played(), PLAN, tmp_path, "again") == ()
