"""Shapes, scales, and numbers as people read them."""

from xml.etree import ElementTree

import pytest

from holub_sim.svg import (
    linear,
    path,
    rect,
    shown_bytes,
    shown_share,
    shown_time,
    shown_wait,
    svg,
    tag,
    text,
    time_axis,
    time_step_s,
)


def test_markup_is_escaped() -> None:
    """A name from a scenario can't become an element or end an attribute."""
    made = svg(10, 10, text(1, 2, "<b>&"), 'a "title" <x>')
    root = ElementTree.fromstring(made)
    assert root.findtext("text") == "<b>&"
    assert root.findtext("title") == 'a "title" <x>'
    assert tag("g", cls='"', stroke_width=2) == '<g class="&quot;" stroke-width="2"></g>'


def test_scales_and_shapes() -> None:
    """A scale is linear and may fall; a width is never below zero."""
    scale = linear(0, 10, 100, 0)
    assert [scale(0), scale(5), scale(10)] == [100, 50, 0]
    assert linear(3, 3, 0, 10)(3) == 0
    assert 'width="0"' in rect(0, 0, -5, 3, "x")
    assert 'points="1.0,2.0 3.0,4.5"' in path([(1, 2), (3, 4.5)], "x")


@pytest.mark.parametrize(
    ("duration_s", "step_s"),
    [(60, 10), (1380, 300), (3600, 600), (86_400, 14_400), (604_800, 86_400)],
)
def test_axes_have_few_round_ticks(duration_s: float, step_s: int) -> None:
    """At most eight labels, at steps that people know."""
    assert time_step_s(duration_s) == step_s
    axis = time_axis(linear(0, duration_s, 0, 100), duration_s, 0, 10)
    assert axis.count("<text") == duration_s // step_s + 1 <= 9


def test_numbers_have_units() -> None:
    """Each is as long as a label can be, and 99.96 % is not called all."""
    assert [shown_time(s) for s in (0, 45, 300, 5400, 7200, 259_200)] == [
        "0", "45 s", "5 min", "1 h 30", "2 h", "3 d",
    ]  # fmt: skip
    assert [shown_wait(ms) for ms in (0.05, 7, 31.94, 3912, 600_000, 9_000_000)] == [
        "50 us", "7 ms", "32 ms", "3.9 s", "10 min", "2.5 h",
    ]  # fmt: skip
    assert [shown_bytes(n) for n in (12, 1500, 2_000_000, 3.2e9)] == [
        "12 B", "1.5 kB", "2 MB", "3.2 GB",
    ]  # fmt: skip
    assert [shown_share(x) for x in (0, 0.5, 0.9996, 1)] == ["0 %", "50.0 %", "99.9 %", "100 %"]
