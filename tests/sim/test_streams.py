"""Named streams of chance: fixed for good, independent of each other, of the right shape."""

import pytest

from holub_sim.streams import Stream


def test_a_stream_is_a_function_of_seed_and_name() -> None:
    """Equal seed and name give equal bytes in whatever pieces; another of either, others."""
    one, two = Stream(7, "link/1"), Stream(7, "link/1")
    assert one.bytes(200) == b"".join(two.bytes(size) for size in (1, 63, 64, 70, 2))
    first = Stream(7, "link/1").bytes(16)
    assert first != Stream(8, "link/1").bytes(16)
    assert first != Stream(7, "link/2").bytes(16)


def test_its_bytes_never_change() -> None:
    """A replay line printed today must give the same run tomorrow."""
    assert Stream(1, "x").bytes(8).hex() == "4cfc4b3ea98047bf"
    assert [Stream(1, "x").exponential(1000) for _ in range(2)] == [300, 300]


def test_randrange_covers_its_range_evenly() -> None:
    """Each of ten values comes up about a tenth of the time, and nothing outside."""
    stream = Stream(3, "dice")
    counts = [0] * 10
    for _ in range(5000):
        counts[stream.randrange(10)] += 1
    assert min(counts) > 400
    assert max(counts) < 600
    assert {stream.between(-1, 1) for _ in range(200)} == {-1, 0, 1}


def test_randrange_of_nothing_is_refused() -> None:
    """There is no integer below 0 to return."""
    with pytest.raises(ValueError, match="0 and 0"):
        Stream(1, "x").randrange(0)


def test_exponential_has_its_mean_and_its_tail() -> None:
    """Of an exponential distribution 36.8 % lie beyond the mean, 5 % beyond three times it."""
    stream = Stream(5, "arrivals")
    drawn = [stream.exponential(1_000_000) for _ in range(5000)]
    assert 0.95e6 < sum(drawn) / len(drawn) < 1.05e6
    assert 0.34 < sum(value > 1_000_000 for value in drawn) / len(drawn) < 0.40
    assert 0.035 < sum(value > 3_000_000 for value in drawn) / len(drawn) < 0.065


def test_what_is_certain_draws_nothing() -> None:
    """A link without loss leaves its stream alone, so adding loss elsewhere shifts nothing."""
    stream, untouched = Stream(1, "x"), Stream(1, "x")
    assert not stream.chance(0)
    assert stream.chance(1_000_000)
    assert stream.bytes(8) == untouched.bytes(8)


def test_chance_comes_as_often_as_it_says() -> None:
    """250,000 ppm is a quarter."""
    stream = Stream(2, "loss")
    assert 0.22 < sum(stream.chance(250_000) for _ in range(4000)) / 4000 < 0.28
