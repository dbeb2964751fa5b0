"""What every test may use: Hypothesis profiles, the checkout's folders, and honest skips.

Hypothesis' own `ci` profile loads by itself where CI is set and replays the same inputs for ever
(derandomize=True, no database). Ours has other names and is always loaded over it, so CI keeps
trying new inputs; a failure prints its blob. HOLUB_PROFILE=dev|ci|soak chooses.
"""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = {"dev": 50, "ci": 200, "soak": 5_000}


def load_hypothesis_profile() -> None:
    """Load the profile HOLUB_PROFILE names; without it `ci` where CI is set, else `dev`."""
    wanted = os.environ.get("HOLUB_PROFILE") or ("ci" if os.environ.get("CI") else "dev")
    if wanted not in EXAMPLES:
        raise pytest.UsageError(f"HOLUB_PROFILE={wanted}: choose one of {', '.join(EXAMPLES)}")
    for name, examples in EXAMPLES.items():
        settings.register_profile(
            f"holub-{name}",
            settings.get_profile("default"),  # not the active one, which may be the built-in ci
            max_examples=examples,
            deadline=None,  # a shared two-core machine stalls for longer than any honest limit
            derandomize=False,
            print_blob=True,
            suppress_health_check=[HealthCheck.too_slow],
        )
    settings.load_profile(f"holub-{wanted}")


load_hypothesis_profile()


@cache
def missing_for_e2e() -> str | None:
    """Why real daemons cannot run in network namespaces here; None if they can."""
    if os.name != "posix" or os.geteuid() != 0:
        return "needs root, to make network namespaces"
    ip = shutil.which("ip")
    if ip is None:
        return "needs `ip` (Debian: apt install iproute2)"
    name = f"holub-probe-{os.getpid()}"
    made = subprocess.run([ip, "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"cannot make a network namespace: {made.stderr.strip()}"
    subprocess.run([ip, "netns", "delete", name], check=True)
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests marked e2e, with the reason, where network namespaces cannot be made."""
    marked = [item for item in items if item.get_closest_marker("e2e")]
    reason = missing_for_e2e() if marked else None
    if reason:
        for item in marked:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Public reference data kept beside the checkout, not in it; the test skips without."""
    folder = ROOT / ".." / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no ../shared/data beside the checkout")
    return folder.resolve()


@pytest.fixture(scope="session")
def oracle_python() -> Path:
    """The interpreter that has the independent implementations; the test skips without."""
    python = ROOT / ".oracles" / "bin" / "python"
    if not python.exists():
        pytest.skip("no .oracles: scripts/test makes it, given the network once")
    return python


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium that can run headless; the test skips without."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("needs chromium (Debian: apt install chromium)")
    return path
