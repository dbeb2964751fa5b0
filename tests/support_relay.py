"""Data directories, the `holub` command in this process, and real daemons on loopback."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from holub_relay import realm
from holub_relay.cli.root import holub
from holub_relay.config import Config

KYIV = 93_317
START_TIMEOUT_S = 15.0


def made(folder: Path, name: str = "a", **settings: Any) -> Path:
    """Make a realm in `folder`/`name`; small, so that a test costs no 4 MiB of ballast."""
    config = Config(**{"area": KYIV, "store_mib": 8, "clock": "host", **settings})
    realm.make(folder / name, "Test realm", config, os.urandom)
    return folder / name


def joined(folder: Path, first: Path, name: str = "b", **settings: Any) -> Path:
    """Join the realm of `first` in `folder`/`name`, without a grant."""
    config = Config(**{"area": KYIV, "store_mib": 8, "clock": "host", **settings})
    realm.join(folder / name, str(first / "charter.cbor"), config, os.urandom)
    return folder / name


def run(*words: str | Path, stdin: str | None = None) -> Result:
    """Run `holub` with these words in this process; only exit codes, no exceptions."""
    result = CliRunner().invoke(holub, [str(word) for word in words], input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def ok(*words: str | Path) -> str:
    """Run `holub`, which must succeed; return what it printed."""
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result.stdout


def ok_json(*words: str | Path) -> Any:
    """Run `holub ... --json`, which must succeed; return what it printed."""
    return json.loads(ok(*words, "--json"))


class Daemon:
    """A relay in a process of its own."""

    def __init__(self, data: Path, *options: str) -> None:
        """Start it on loopback and wait until it answers."""
        self.data = data
        command = [sys.executable, "-P", "-m", "holub_relay", "relay", "--data", str(data)]
        command += ["--listen", "127.0.0.1:0", *options]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.wait_for(self._answers)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe, suppress(OSError):
            probe.connect(str(self.data / "api.sock"))
            return True
        return False

    def status(self) -> Any:
        """Ask it how it is."""
        return ok_json("status", "--data", self.data)

    def wait_for(self, condition: Any) -> None:
        """Wait until `condition` holds; fail with its log when it does not."""
        until_s = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < until_s:
            if self.process.poll() is not None:
                break
            if condition():
                return
            time.sleep(0.05)
        self.process.kill()
        raise AssertionError(f"the condition never held; its log:\n{self.process.communicate()[0]}")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal and return exit code and log."""
        self.process.send_signal(number)
        log, _ = self.process.communicate(timeout=START_TIMEOUT_S)
        return self.process.returncode, log


@contextmanager
def daemon(data: Path, *options: str) -> Iterator[Daemon]:
    """A daemon that is gone at the end, whatever the test does with it."""
    running = Daemon(data, "--page", "off", *options)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
            running.process.communicate()
