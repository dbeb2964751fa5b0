"""Who disciplines the system's clock, as chronyd and the kernel tell it."""

import ctypes
import subprocess
from typing import Any

import pytest

from holub_relay.timesources import Outside, ask_chrony, kernel_synchronised, outside

SERVER = "^,*,192.0.2.1,1,6,377,23,-0.000012,0.000012,0.000300\n"
RECEIVER = "#,*,GPS,0,4,377,9,0.000001,0.000001,0.000100\n"
TRACKING = (
    "C0000201,192.0.2.1,2,1795361651.853970112,{offset},0.000000228,0.000000742,-0.061,0.003,"
    "0.766,0.000006639,0.000002316,2.0,{leap}\n"
)
SET = TRACKING.format(offset="-0.000000607", leap="Normal")
PLAIN_KEYS = "192.0.2.1,-,0,0,0,4294967295,0,0,0,0\n"
SIGNED_KEYS = "192.0.2.1,NTS,1,15,256,2700,0,0,8,100\n"


@pytest.mark.parametrize(
    ("sources", "tracking", "keys", "found"),
    [
        (SERVER, SET, PLAIN_KEYS, Outside.NTP),
        (SERVER, SET, SIGNED_KEYS, Outside.AUTHENTICATED),
        (SERVER, SET, SIGNED_KEYS.replace("NTS", "SK"), Outside.AUTHENTICATED),
        (SERVER, SET, SIGNED_KEYS.replace("192.0.2.1", "192.0.2.9"), Outside.NTP),
        (RECEIVER, SET, "", Outside.GNSS),
        (SERVER.replace("*", "?"), SET, PLAIN_KEYS, Outside.NOTHING),
        (SERVER, TRACKING.format(offset="31536000.5", leap="Normal"), SIGNED_KEYS, Outside.NOTHING),
        (SERVER, TRACKING.format(offset="x", leap="Normal"), SIGNED_KEYS, Outside.NOTHING),
        (RECEIVER, TRACKING.format(offset="0.0", leap="Not synchronised"), "", Outside.NOTHING),
        (SERVER, None, PLAIN_KEYS, Outside.NOTHING),
        ("", SET, "", Outside.NOTHING),
    ],
    ids=[
        "plain", "nts", "symmetric key", "another server's key", "receiver", "none selected",
        "a year off", "no number", "not synchronised", "no tracking", "no sources",
    ],
)  # fmt: skip
def test_chronyd_is_believed(sources: str, tracking: str | None, keys: str, found: Outside) -> None:
    """A receiver and signed servers are told from plain NTP, and a clock that is still being set
    from one that is."""
    answers = {"sources": sources, "tracking": tracking, "authdata": keys}
    assert outside(answers.get, lambda: True) is found


def test_without_chronyd_the_kernel_is_asked() -> None:
    """A synchronised kernel is plain NTP at best."""
    assert outside(lambda _: None, lambda: True) is Outside.NTP
    assert outside(lambda _: None, lambda: False) is Outside.NOTHING


def test_no_chronyc_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without the program, and a program that hangs or fails, answer nothing."""
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert ask_chrony("sources") is None
    monkeypatch.setattr("shutil.which", lambda _: "/bin/false")
    assert ask_chrony("sources") is None
    monkeypatch.setattr("shutil.which", lambda _: "/bin/echo")
    assert ask_chrony("sources") == "-c -n sources\n"

    def hang(*_: Any, **__: Any) -> None:
        raise subprocess.TimeoutExpired("chronyc", 2)

    monkeypatch.setattr("subprocess.run", hang)
    assert ask_chrony("sources") is None


def test_what_the_kernel_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only TIME_ERROR, or a failing call, means that nobody keeps the clock."""

    class Libc:
        state = 0

        def adjtimex(self, _: object) -> int:
            return self.state

    libc = Libc()
    monkeypatch.setattr(ctypes, "CDLL", lambda _: libc)
    assert kernel_synchronised()
    for state in (5, -1):
        libc.state = state
        assert not kernel_synchronised()
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    assert not kernel_synchronised()
