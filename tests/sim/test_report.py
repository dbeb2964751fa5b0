"""The report: what it counts, and how it prints."""

import json

from holub_sim.report import percentile, render
from holub_sim.run import run
from support_sim import small


def test_percentiles_are_of_the_nearest_rank() -> None:
    """No value is invented between two that were seen."""
    assert [percentile([1, 2, 3, 4], percent) for percent in (1, 25, 50, 51, 99, 100)] == [
        1, 1, 2, 3, 4, 4,
    ]  # fmt: skip


def test_a_quiet_run_delivers_everything() -> None:
    """Each copy that is due has come, the classes are those of the scenario, and latencies rise
    from p50 to the most."""
    outcome = run(small(), 1)
    assert outcome.passed
    assert [each.name for each in outcome.classes] == ["alert", "grant", "people"]
    for each in outcome.classes:
        assert each.copies == each.copies_due == each.messages * 3
        assert each.p50_ms is not None
        assert each.p95_ms is not None
        assert each.max_ms is not None
        assert 0 < each.p50_ms <= each.p95_ms <= each.max_ms
    assert outcome.bytes_sent > sum(each.copies for each in outcome.classes) * 200
    assert outcome.said == 3
    assert outcome.segments_lost > 0


def test_it_prints_as_text_and_as_json() -> None:
    """The text names classes, trace and verdict; the JSON survives a round trip."""
    outcome = run(small(duration='"2m"'), 1)
    text = render(outcome)
    for part in ("alert", "people", outcome.trace, "passed", "100.00%"):
        assert part in text
    assert json.loads(json.dumps(outcome.to_json()))["passed"] is True


def test_a_failed_run_says_so() -> None:
    """Where there was no time to settle, copies are missing and the verdict is plain."""
    cut = '[[outages]]\nwhat = "partition"\nwhere = "d2"\nat = ["50s"]\nfor = "310s"\n'
    outcome = run(small(cut, settle='"1s"'), 1)
    assert not outcome.passed
    assert outcome.agreed.missing > 0
    assert render(outcome).endswith("FAILED")
