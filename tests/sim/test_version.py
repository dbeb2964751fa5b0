"""Which code this is."""

import re

from holub_sim.version import code_version


def test_the_version_is_the_release_and_a_digest() -> None:
    """The same each time: it depends on the files alone."""
    assert re.fullmatch(r"\d+\.\d+\.\d+\+[0-9a-f]{12}", code_version())
    assert code_version() == code_version()
