"""The trace and its hash."""

import io

from holub_sim.trace import Trace


def test_a_line_says_when_who_and_what() -> None:
    """Bytes are told by length and digest, so that a trace of a day stays readable."""
    sink = io.StringIO()
    Trace(sink).note(12, "d1/r1", "rx 3", b"abc")
    at, who, what, link, length, digest = sink.getvalue().split()
    assert (at, who, what, link, length) == ("12", "d1/r1", "rx", "3", "3")
    assert len(digest) == 16


def test_the_hash_counts_every_byte_and_the_order() -> None:
    """One flipped bit, or two lines exchanged, is another run."""

    def digest(*lines: tuple[int, bytes]) -> str:
        trace = Trace()
        for at, data in lines:
            trace.note(at, "x", "rx", data)
        return trace.digest()

    base = digest((1, b"a"), (2, b"b"))
    assert base == digest((1, b"a"), (2, b"b"))
    assert len({base, digest((1, b"a"), (2, b"c")), digest((2, b"b"), (1, b"a"))}) == 3


def test_the_hash_does_not_depend_on_a_sink() -> None:
    """A run that is written out is the same run."""
    quiet, loud = Trace(), Trace(io.StringIO())
    for trace in (quiet, loud):
        trace.note(1, "x", "boot")
    assert quiet.digest() == loud.digest()
    assert quiet.lines == loud.lines == 1
