"""Contact traces: four formats, one meaning."""

import gzip
from pathlib import Path

import pytest

from holub_sim.contacts import Contact, read_contacts
from holub_sim.scenario import ScenarioError

S = 1_000_000
STEP = 20 * S

# The same two contacts in every format: 0 and 1 for 40 s from the start, 1 and 2 from 30 s to 60 s.
MEANT = (Contact(0, 40 * S, 0, 1), Contact(30 * S, 60 * S, 1, 2))
CSV = "t_up,t_down,a,b\n0,40,0,1\n30,60.0,1,2\n"
# Both devices tell of the first; the last second counts whole.
CRAWDAD = "5 7 1000 1039 1\n7 5 1005 1030 1\n7 12 1030 1059 1 0\n"
SOCIOPATTERNS = "120 5 7 MED NUR\n140\t5\t7\n150 7 12\n160 12 7\n"
ONE = (
    "3.5 CONN n5 n7 up\n33.5 CONN n12 n7 up\n43.5 CONN n7 n5 down\n"
    "63.5 CONN n7 n12 down\n63.5 CONN n7 n12 down\n"
)


def read(folder: Path, text: str, format_: str) -> tuple[Contact, ...]:
    """Read a text as a file."""
    (folder / "contacts.txt").write_text(text)
    return read_contacts(folder / "contacts.txt", format_, STEP)


@pytest.mark.parametrize(
    ("text", "format_"),
    [(CSV, "csv"), (CRAWDAD, "crawdad"), (SOCIOPATTERNS, "sociopatterns")],
)
def test_formats_say_the_same(tmp_path: Path, text: str, format_: str) -> None:
    """Times from the first contact, nodes in the order of their numbers, both directions one."""
    assert read(tmp_path, text, format_) == MEANT


def test_the_ones_connections_are_read(tmp_path: Path) -> None:
    """Names sort as text where they are no numbers; what is open at the end ends there."""
    assert read(tmp_path, ONE, "one") == (
        Contact(0, 40 * S, 1, 2),
        Contact(30 * S, 60 * S, 0, 2),
    )
    assert read(tmp_path, "1 CONN 0 1 up\n9 CONN 2 3 up\n", "one") == (Contact(0, 8 * S, 0, 1),)


def test_what_touches_is_joined_and_what_is_empty_is_left_out(tmp_path: Path) -> None:
    """Half-open: 10 to 20 and 20 to 30 are one contact; 5 to 5 is none."""
    text = "t_up,t_down,a,b\n20,30,1,0\n10,20,0,1\n5,5,0,1\n31,32.25,0,1\n"
    assert read(tmp_path, text, "csv") == (
        Contact(10 * S, 30 * S, 0, 1),
        Contact(31 * S, 32 * S + 250_000, 0, 1),
    )


def test_a_gzipped_file_is_read(tmp_path: Path) -> None:
    """By its name's end."""
    (tmp_path / "c.csv.gz").write_bytes(gzip.compress(CSV.encode()))
    assert read_contacts(tmp_path / "c.csv.gz", "csv", STEP) == MEANT


@pytest.mark.parametrize(
    ("text", "format_", "told"),
    [
        ("a,b\n", "csv", "line 1: the columns are"),
        (CSV + "1,2,x,3\n", "csv", "line 4: '1,2,x,3' is no contact"),
        (CSV + "one,2,0,3\n", "csv", "line 4: 'one' is no time"),
        ("1 2 3\n", "crawdad", "line 1: '1 2 3' has no four columns"),
        ("1 2\n", "sociopatterns", "line 1: '1 2' has no three"),
        ("1 CONN 2 3 maybe\n", "one", "line 1: '1 CONN 2 3 maybe' is not"),
        ("t_up,t_down,a,b\n", "csv", "it has no contacts"),
    ],
)
def test_a_broken_line_is_told_by_its_number(
    tmp_path: Path, text: str, format_: str, told: str
) -> None:
    """With the file, the line and the value."""
    with pytest.raises(ScenarioError, match=f"contacts.txt: {told}"):
        read(tmp_path, text, format_)


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    """Not raised as something else."""
    (tmp_path / "c.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ScenarioError, match="cannot be read"):
        read_contacts(tmp_path / "c.csv", "csv", STEP)
