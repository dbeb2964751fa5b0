"""The `holub` command itself: what it says when something is not installed."""

import subprocess
import sys

import pytest

WITHOUT = """
import sys
for name in {names!r}:
    sys.modules[name] = None
sys.argv = ["holub", *{words!r}]
from holub_relay.cli import main
main()
"""


def run_without(names: list[str], *words: str) -> subprocess.CompletedProcess[str]:
    """Run `holub` in an environment that lacks these packages."""
    program = WITHOUT.format(names=names, words=list(words))
    return subprocess.run(
        [sys.executable, "-P", "-c", program], capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_without_click_one_line_says_what_to_install() -> None:
    """The base installation has the command, which then only names the extra."""
    run = run_without(["click"], "--help")
    assert run.returncode == 1
    assert run.stderr == "holub: click is missing; run: pip install 'holub[relay]'\n"


@pytest.mark.slow
@pytest.mark.parametrize("missing", ["trio", "apsw", "msgspec"])
def test_without_the_relay_extra_its_verbs_say_so(missing: str) -> None:
    """With click alone, as the simulator's extra brings it, verbs name what they lack."""
    run = run_without([missing], "relay", "--demo")
    assert run.returncode == 1
    assert run.stderr.splitlines() == [
        f"Error: {missing} is missing; run: pip install 'holub[relay]'"
    ]
    assert run_without([missing], "--help").returncode == 0
