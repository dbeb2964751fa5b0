"""Two real relays in two namespaces: an alert goes the whole way, through cuts and kills."""

import csv
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support_netns import Host, Lan, lan, until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

KYIV = "93317"


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Lan, Host, Host]]:
    """Two hosts on a switch; the first has made the realm, the second has joined it."""
    with lan(2, tmp_path) as made:
        a, b = made.hosts
        a.holub("init", "--clock", "host", "--realm", "Test City", "--area", KYIV)
        b.holub("init", "--clock", "host", "--join", str(a.data / "charter.cbor"), "--area", KYIV)
        a.start()
        b.start()
        until("the two find each other", lambda: a.links() == b.links() == 1)
        yield made, a, b


def incident(host: Host) -> str:
    """Start an air-raid alert over Kyiv and return the incident's name."""
    answer = json.loads(
        host.holub("alert", "start", "--area", KYIV, "--hazard", "air-raid", "--json")
    )
    name = answer["incident"]
    assert isinstance(name, str)
    return name


def level(host: Host) -> str:
    """Return what the node says of its area."""
    status = host.json("status")
    word = status["status"]["level"]
    assert isinstance(word, str)
    return word.lower()


def page(host: Host, path: str = "/en") -> str:
    """Fetch the node's page from inside its namespace."""
    fetch = (
        "import sys, urllib.request as u; "
        f"sys.stdout.buffer.write(u.urlopen('http://{host.address}:8090{path}', timeout=5).read())"
    )
    done = subprocess.run(
        ["ip", "netns", "exec", host.namespace, "python3", "-c", fetch],
        capture_output=True, timeout=20, check=True,
    )  # fmt: skip
    return done.stdout.decode()


def test_an_alert_is_seen_at_the_other_relay_and_cleared(two: tuple[Lan, Host, Host]) -> None:
    """What a desk signs at one relay shows on the other's page within seconds; its clear, with a
    fresh board, turns both to clear; both stop when asked, with exit code 0."""
    _, a, b = two
    until("the first board says clear", lambda: level(a) == level(b) == "clear")
    name = incident(a)
    took = until("the alert is at the other relay", lambda: level(b) == "alert", 5)
    assert took < 3
    assert "Air raid" in page(b)
    a.holub("alert", "clear", "--area", KYIV, "--hazard", "air-raid", "--incident", name)
    until("both are clear", lambda: level(a) == level(b) == "clear")
    until("both hold the same", lambda: a.ids() == b.ids())
    assert "holub_" in page(b, "/metrics")
    assert a.stop() == 0
    assert b.stop() == 0


def test_a_partition_heals(two: tuple[Lan, Host, Host]) -> None:
    """While cut off a node does not say clear for long; healed, it learns within ten seconds."""
    made, a, b = two
    until("the first board says clear", lambda: level(b) == "clear")
    made.isolate(2)
    incident(a)
    until("both notice that the link is dead", lambda: a.links() == b.links() == 0)
    assert level(a) == "alert"
    assert level(b) != "alert"
    made.isolate(2, isolated=False)
    took = until("the alert is there after the heal", lambda: level(b) == "alert", 30)
    assert took < 30


def test_a_relay_that_is_killed_keeps_what_it_acknowledged(two: tuple[Lan, Host, Host]) -> None:
    """kill -9 in the middle of a stream of alerts: what was held before is held after."""
    _, a, b = two
    for _ in range(5):
        incident(a)
    until("they are at the other relay", lambda: len(b.ids("alert")) == 5)
    before = b.ids("alert")
    b.kill()
    incident(a)
    b.start()
    assert set(before) <= set(b.ids("alert"))
    until("it has caught up", lambda: b.ids("alert") == a.ids("alert"))
    assert len(b.ids("alert")) == 6


def said_in(day: Path) -> int:
    """Return how many starts and clears a day has; an end whose start was the day before has
    no incident to name, and is not said."""
    on: set[str] = set()
    said = 0
    with day.open() as rows:
        for row in csv.DictReader(rows):
            if row["on"] == "1":
                on.add(row["area"])
                said += 1
            elif row["area"] in on:
                on.remove(row["area"])
                said += 1
    return said


def test_a_day_of_sirens_with_a_cut_and_a_kill(
    two: tuple[Lan, Host, Host], shared_data: Path
) -> None:
    """The real day of 24 August 2022, fast: a partition in the middle, a kill and a restart, and
    both relays end with the same board and the same alerts."""
    made, a, b = two
    day = shared_data / "sirens" / "day_2022-08-24.csv"
    expected = said_in(day)
    with (a.data.parent / "replay.log").open("wb") as log:
        replay = subprocess.Popen(
            a.command("alert", "replay", str(day), "--data", str(a.data), "--speed", "3000"),
            stdout=log, stderr=log,
        )  # fmt: skip
        time.sleep(5)
        made.isolate(2)
        time.sleep(8)
        made.isolate(2, isolated=False)
        b.kill()
        b.start()
        assert replay.wait(120) == 0
    until("both hold the same", lambda: a.ids() == b.ids())
    assert len(a.ids("alert")) == expected
    assert a.json("status")["alerts"] == b.json("status")["alerts"]


def test_a_second_daemon_is_kept_out(two: tuple[Lan, Host, Host]) -> None:
    """The lock on the data directory names who holds it, and the exit code says so."""
    _, a, _ = two
    done = subprocess.run(
        a.command("relay", "--data", str(a.data)), capture_output=True, text=True, timeout=30,
        check=False,
    )  # fmt: skip
    assert done.returncode == 4
    assert str(a.pid()) in done.stderr
