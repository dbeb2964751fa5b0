"""What outside this program vouches for the machine's clock: a receiver, signed time, plain NTP.

Chrony is asked where it runs, for only it tells a satellite receiver and authenticated servers
(NTS, RFC 8915, or a symmetric key) from plain NTP. Otherwise the kernel says whether some
program keeps its clock synchronised; from whom is not known then, so that is plain NTP at best.
"""

import ctypes
import shutil
import subprocess
from collections.abc import Callable
from enum import Enum
from typing import Final

ASK_TIMEOUT_S: Final = 2.0
"""chronyd answers in milliseconds, if at all."""

OFFSET_MAX_S: Final = 1.0
"""A clock that its own time program finds further off than this is still being set."""

_TIMEX_BYTES: Final = 512
_FOUND: Final = frozenset(range(5))


class Outside(Enum):
    """Who disciplines the system's clock."""

    NOTHING = "nothing"
    NTP = "ntp"
    AUTHENTICATED = "authenticated"
    GNSS = "gnss"


def outside(
    ask: Callable[[str], str | None] | None = None,
    synchronised: Callable[[], bool] | None = None,
) -> Outside:
    """Look who disciplines the clock now. `ask` sends chronyc a command and returns its answer
    as comma-separated values, None without one; `synchronised` asks the kernel."""
    ask, synchronised = ask or ask_chrony, synchronised or kernel_synchronised
    told = ask("sources")
    if told is None:
        return Outside.NTP if synchronised() else Outside.NOTHING
    selected = next((row for row in _rows(told) if len(row) > 2 and row[1] == "*"), None)
    if selected is None or not _is_set(ask("tracking")):
        return Outside.NOTHING
    mode, _, name, *_ = selected
    if mode == "#":
        return Outside.GNSS
    signed = {row[0] for row in _rows(ask("authdata") or "") if len(row) > 1 and row[1] != "-"}
    return Outside.AUTHENTICATED if name in signed else Outside.NTP


def ask_chrony(command: str) -> str | None:
    """Ask the chronyd of this machine; None where there is none, or no answer."""
    program = shutil.which("chronyc")
    if program is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 -- found on the path, fixed arguments
            (program, "-c", "-n", command),
            capture_output=True,
            text=True,
            timeout=ASK_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def kernel_synchronised() -> bool:
    """Whether the kernel says that a program keeps its clock synchronised (adjtimex(2))."""
    try:
        adjtimex = ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError):
        return False
    # struct timex with modes = 0 only reads; the state of the clock is what the call returns.
    return adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES)) in _FOUND


def _rows(text: str) -> list[list[str]]:
    return [line.split(",") for line in text.splitlines()]


def _is_set(tracking: str | None) -> bool:
    """Whether chronyd holds the clock close to its source: offset small, leap status known."""
    rows = _rows(tracking or "")
    if not rows or len(rows[0]) < 14:
        return False
    try:
        offset_s = abs(float(rows[0][4]))
    except ValueError:
        return False
    return offset_s <= OFFSET_MAX_S and rows[0][13] != "Not synchronised"
