"""The values of words."""

from holub_protocol.facts import NOTHING, Word


def test_a_words_point_is_its_keys_order() -> None:
    """Created, then k; and nothing that happened is nothing to see."""
    assert Word(1, b"", 5, 7, 1, b"", 0).point == (5, 7)
    assert (NOTHING.visible, NOTHING.superseded, NOTHING.released) == (False, (), ())
