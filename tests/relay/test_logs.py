"""The log of what peers cause: fewer bytes than they send."""

import logging
import sys

import pytest

from holub_relay.logs import BUDGET_BYTES, LINE_BYTES, SHARE, PeerLog, set_up


def test_lines_cost_less_than_what_was_received(caplog: pytest.LogCaptureFixture) -> None:
    """However often peers cause a line, what is logged stays below a share of what came in."""
    caplog.set_level(logging.INFO)
    log = PeerLog(logging.getLogger("peers"))
    received = 0
    for number in range(5000):
        log.received(30)
        received += 30
        log.tell(f"link {number} closed: broken stream")
        log.summary()
    logged = sum(len(record.getMessage()) + LINE_BYTES for record in caplog.records)
    assert 0 < logged <= received // SHARE + BUDGET_BYTES // SHARE


def test_what_is_not_told_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    """Counts wait for the next summary that is paid for, and are told once."""
    caplog.set_level(logging.INFO)
    log = PeerLog(logging.getLogger("peers"))
    for _ in range(3):
        log.count("malformed")
    log.count("taken")
    log.summary()
    log.summary()
    assert [r.getMessage() for r in caplog.records] == ["from peers: malformed 3, taken 1"]


def test_an_unpaid_summary_keeps_its_counts(caplog: pytest.LogCaptureFixture) -> None:
    """Without bytes received nothing more is logged, and nothing is forgotten."""
    caplog.set_level(logging.INFO)
    log = PeerLog(logging.getLogger("peers"))
    while True:
        before = len(caplog.records)
        log.tell("a line")
        if len(caplog.records) == before:
            break
    log.summary()
    assert len(caplog.records) == before
    log.received(1000)
    log.summary()
    assert caplog.records[-1].getMessage() == "from peers: untold 1"


def test_set_up_follows_verbose(monkeypatch: pytest.MonkeyPatch) -> None:
    """Verbose means the debug level, and the log is no part of what commands print."""
    seen: dict[str, object] = {}
    monkeypatch.setattr(logging, "basicConfig", lambda **options: seen.update(options))
    set_up(verbose=True)
    assert seen["level"] == logging.DEBUG
    assert seen["stream"] is sys.stderr
