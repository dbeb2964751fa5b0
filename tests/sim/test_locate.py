"""Lines of keys, for errors."""

import pytest

from holub_sim.locate import line_of, placed

TEXT = """name = "x"
[world]
kind = "grid"
uplink = { latency = "1ms" }

[[desks]]
at = "d1"
says = [
    { at = "1m" },
    { at = "2m" }, { at = "3m" },
    # nothing
    { at = "4m" },
]

[[desks]]
at = "d2"
[sweep]
"desks[0].at" = ["d1"]
[[a.b]]
x = 1
"""


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("name", 1),
        ("world.kind", 3),
        ("world.uplink.latency", 4),
        ("world.lan", 2),
        ("desks[0].at", 7),
        ("desks[0].says[0].at", 9),
        ("desks[0].says[2]", 10),
        ("desks[0].says[3].verb", 12),
        ("desks[1].at", 16),
        ("desks[1].areas", 15),
        ("people[0].kind", None),
    ],
)
def test_a_key_has_a_line(key: str, line: int | None) -> None:
    """Its own, else that of the table or the entry around it; none where that is not there."""
    assert line_of(TEXT, key) == line


def test_an_error_is_placed() -> None:
    """By the key it begins with; where it begins with none it stays as it is."""
    assert placed("f.toml", TEXT, "desks[1].at: wrong") == "f.toml:16: desks[1].at: wrong"
    assert placed("f.toml", TEXT, "not TOML") == "f.toml: not TOML"
    assert placed("f.toml", TEXT, "people: missing") == "f.toml: people: missing"
