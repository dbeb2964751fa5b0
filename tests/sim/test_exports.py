"""A report for other tools."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

from holub_sim.checks import Violation
from holub_sim.exports import COLUMNS, json_lines, junit, markdown, messages_csv, write_all
from support_report import played, shown


def test_json_lines_begin_with_the_run() -> None:
    """Each line is an object that says what it is."""
    lines = [json.loads(line) for line in json_lines(shown())]
    assert lines[0]["type"] == "run"
    assert lines[0]["trace"] == shown().report.trace
    assert {line["type"] for line in lines} == {
        "run", "coverage", "band", "curve", "latency", "stores", "served",
    }  # fmt: skip


def test_every_message_has_its_row() -> None:
    """Their copies are those of the ledger."""
    rows = list(csv.DictReader(io.StringIO(messages_csv(played().city))))
    assert tuple(rows[0]) == COLUMNS
    known = {each.row.id.hex(): each for each in played().city.ledger.existing()}
    assert {row["id"] for row in rows} == set(known)
    for row in rows:
        copies = [h for h in known[row["id"]].arrived_us if h != known[row["id"]].host]
        assert int(row["copies"]) == len(copies)


def test_junit_tells_failures_with_the_command() -> None:
    """A rule that was broken fails its case, and only that."""
    broken = Violation(1_500_000, "d1/r1", "quota", "too much")
    report = replace(shown().report, violations=(broken,), broken=1)
    suite = ElementTree.fromstring(junit(replace(shown(), report=report), "holub sim run x"))
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")
    (failure,) = suite.iter("failure")
    assert "quota: too much" in (failure.text or "")
    assert "holub sim run x" in (failure.text or "")
    fine = ElementTree.fromstring(junit(shown(), "x"))
    assert fine.get("failures") == "0"


def test_markdown_has_a_row_for_each_kind() -> None:
    """And what the attack left."""
    made = markdown(shown(), "again")
    assert sum(line.startswith("| ") for line in made.splitlines()) == 1 + len(shown().curves)
    assert "Under attack 100 %" in made


def test_a_folder_gets_all_of_them(tmp_path: Path) -> None:
    """Five files, in a folder that was not there."""
    files = write_all(tmp_path / "new", shown(), played().city, "again")
    assert sorted(path.suffix for path in files) == [".csv", ".html", ".jsonl", ".md", ".xml"]
    assert all(path.stat().st_size > 100 for path in files)
