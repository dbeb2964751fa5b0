"""Times and rates as people write them."""

import pytest

from holub_sim.units import Rate, Span


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("2h30m", 9_000_000_000),
        ("90s", 90_000_000),
        ("20ms", 20_000),
        ("1d1us", 86_400_000_001),
        ("0s", 0),
    ],
)
def test_times_are_read(text: str, us: int) -> None:
    """Parts add up; "m" is minutes and "ms" milliseconds."""
    assert Span.parse(text).us == us


@pytest.mark.parametrize("value", ["", "5", "h", "1h 2m", "-3s", "1.5h", 5, None])
def test_what_is_no_time_is_refused_by_name(value: object) -> None:
    """The error shows the value and an example."""
    with pytest.raises(ValueError, match="is no time; expected one such as") as error:
        Span.parse(value)
    assert repr(value) in str(error.value)


def test_rates_are_read() -> None:
    """k, M and G are thousands, as with all bit rates."""
    assert [Rate.parse(text).bits_per_s for text in ("9600", "64k", "2M", "1G")] == [
        9_600,
        64_000,
        2_000_000,
        1_000_000_000,
    ]


@pytest.mark.parametrize("value", ["", "0", "0k", "1.5M", "fast", "10 M", 9600])
def test_what_is_no_rate_is_refused_by_name(value: object) -> None:
    """A link without any rate would never deliver."""
    with pytest.raises(ValueError, match="is no rate") as error:
        Rate.parse(value)
    assert repr(value) in str(error.value)


@pytest.mark.parametrize("text", ["2h30m", "1d1us", "90s", "0s", "20ms"])
def test_a_time_is_written_as_it_is_read(text: str) -> None:
    """Whatever the parts, what is written means as much."""
    assert Span.parse(str(Span.parse(text))) == Span.parse(text)
    assert str(Span.parse("150m")) == "2h30m"


def test_a_rate_is_written_as_it_is_read() -> None:
    """In bits a second."""
    assert Rate.parse(str(Rate.parse("64k"))) == Rate.parse("64k")
