"""The daemon for real: two processes on loopback that find each other, die and come back."""

import os
import shutil
import signal
import socket
from pathlib import Path

import pytest

from holub_protocol.storage import StoreError
from holub_relay import daemon as module
from holub_relay.config import Config
from holub_relay.discovery.interfaces import Place
from holub_relay.errors import OperatorError
from holub_relay.station import Station
from support_relay import KYIV, Daemon, daemon, joined, made, ok, ok_json, run


def has(other: Daemon, *ids: str) -> bool:
    """Whether a relay holds these messages."""
    return set(ids) <= {row["id"] for row in ok_json("list", "--data", other.data)}


def start(data: Path, hazard: str = "fire") -> str:
    """Start an alert; its message's id."""
    area = ("--area", str(KYIV))
    return str(ok_json("alert", "start", "--data", data, *area, "--hazard", hazard)["id"])


@pytest.mark.slow
def test_two_relays_find_each_other_and_survive_a_kill(tmp_path: Path) -> None:
    """Found by beacon on loopback; an alert crosses; after kill -9 what was acknowledged is
    there, what was missed comes, and SIGTERM stops both cleanly."""
    a = made(tmp_path)
    b = joined(tmp_path, a)
    with daemon(a) as first:
        with daemon(b) as second:
            second.wait_for(lambda: second.status()["links"])
            one = start(a)
            second.wait_for(lambda: has(second, one))
            assert second.status()["status"]["level"] == "alert"
            assert second.stop(signal.SIGKILL)[0] == -signal.SIGKILL
        assert (b / "api.sock").exists()
        assert one in [row["id"] for row in ok_json("list", "--data", b)]
        two = start(a, "drone")
        with daemon(b) as second:
            second.wait_for(lambda: has(second, one, two))
            key = second.status()["key"]
            ok("realm", "grant", "--data", a, "--subject", key)
            second.wait_for(lambda: second.status()["granted"])
            code, log = second.stop()
            assert code == 0, log
            assert "stopping on SIGTERM" in log
        code, log = first.stop(signal.SIGINT)
        assert code == 0, log
        assert "Traceback" not in log
    assert not (a / "api.sock").exists()


@pytest.mark.slow
def test_a_static_peer_is_linked_without_discovery(tmp_path: Path) -> None:
    """--peer links where nothing is announced; the link is in the status with its address."""
    a = made(tmp_path)
    b = joined(tmp_path, a)
    with daemon(a, "--no-discovery") as first:
        address = first.status()["daemon"]["listen"]
        with daemon(b, "--no-discovery", "--peer", address) as second:
            second.wait_for(lambda: [link for link in second.status()["links"] if link["live"]])
            (link,) = second.status()["links"]
            assert (link["address"], link["outbound"]) == (address, True)


@pytest.mark.slow
def test_a_copied_data_directory_alarms_on_both(tmp_path: Path) -> None:
    """Two relays with one key find each other by their beacons and prove it: each names both
    addresses in status and log, and neither keeps a link."""
    a, b = made(tmp_path), tmp_path / "b"
    shutil.copytree(a, b)
    with daemon(a) as first, daemon(b) as second:
        for running in (first, second):
            running.wait_for(lambda running=running: running.status()["alarms"])
        (alarm,), (other,) = first.status()["alarms"], second.status()["alarms"]
        assert (alarm["token"], alarm["own"]) == ("duplicate-key", True)
        listens = {running.status()["daemon"]["listen"] for running in (first, second)}
        assert listens & {*alarm["addresses"], *other["addresses"]}
        assert "ALARM    another machine has this relay's key" in ok("status", "--data", a)
        assert first.status()["links"] == second.status()["links"] == []
        for running in (first, second):
            assert "alarm: duplicate-key: another machine" in running.stop()[1]


@pytest.mark.slow
def test_the_page_and_the_socket_answer(tmp_path: Path) -> None:
    """The greeting names the page, which shows the realm; junk on the socket harms nothing."""
    data = made(tmp_path)
    running = Daemon(data, "--page", "127.0.0.1:0", "--no-discovery")
    try:
        url = running.status()["daemon"]["page"]
        port = int(url.rstrip("/").rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), 5) as page:
            page.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            got = b"".join(iter(lambda: page.recv(65536), b""))
        assert b"200" in got.splitlines()[0]
        assert b"Test realm" in got
        with socket.socket(socket.AF_UNIX) as junk:
            junk.connect(str(data / "api.sock"))
            junk.sendall(os.urandom(70_000).replace(b"\n", b" "))
        assert running.status()["daemon"]["pid"] == running.process.pid
    finally:
        code, log = running.stop()
    assert code == 0, log
    assert f"page    {url}" in log


@pytest.mark.slow
def test_junk_on_the_link_port_costs_less_log_than_it_sends(tmp_path: Path) -> None:
    """Strangers who send anything but a handshake are dropped one by one; the daemon lives, and
    its log grows by less than what they sent."""
    data = made(tmp_path)
    sent = 0
    with daemon(data, "--no-discovery") as running:
        port = int(running.status()["daemon"]["listen"].rpartition(":")[2])
        for number in range(100):
            junk = (b"", b"\x00", b"GET / HTTP/1.1\r\n\r\n", b"\xff\xff", os.urandom(600))
            with socket.create_connection(("127.0.0.1", port), 5) as stranger:
                stranger.sendall(junk[number % len(junk)])
                sent += len(junk[number % len(junk)])
        running.wait_for(lambda: sum(running.status()["daemon"]["faults"].values()) == 100)
        assert running.status()["links"] == []
        code, log = running.stop()
        assert code == 0, log
        greeting = log.partition("data ")[0]
        assert len(log) - len(greeting) < sent


@pytest.mark.slow
def test_a_second_daemon_is_kept_out(tmp_path: Path) -> None:
    """One directory, one daemon: the second exits with 4 and names the first."""
    data = made(tmp_path)
    with daemon(data, "--no-discovery") as first:
        result = run("relay", "--data", data, "--listen", "127.0.0.1:0")
        assert result.exit_code == 4
        assert str(first.process.pid) in result.output


def test_a_taken_address_is_told(tmp_path: Path) -> None:
    """A port in use, for links or the page, is an error with the remedy, and nothing is left."""
    data = made(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        for config, told in (
            (Config(listen=address, page="off", discovery=False, store_mib=8), "--listen"),
            (Config(listen="127.0.0.1:0", page=address, discovery=False, store_mib=8), "--page"),
        ):
            with pytest.raises(OperatorError, match=told):
                module.run(data, config, lambda _: None)
    with Station.open(data) as station:
        assert module.boot_of(station) == 2


def test_the_operators_error_is_found_in_any_group() -> None:
    """Of all that a nursery raises the operator's own words come first, then the store's."""
    data = Path("d")
    told = OperatorError("choose another")
    store = StoreError("disk I/O error")
    bug = RuntimeError("a bug")
    assert module._told(BaseExceptionGroup("", [bug, ExceptionGroup("", [told])]), data) is told
    found = module._told(BaseExceptionGroup("", [ExceptionGroup("", [store])]), data)
    assert "disk I/O error" in str(found)
    group = BaseExceptionGroup("", [bug])
    assert module._told(group, data) is group


def test_phones_are_told_where_the_page_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page for everybody is named by the machine's own addresses, one for this machine not."""
    place = Place(socket.AF_INET, 2, "wlan0", "192.168.4.1")
    monkeypatch.setattr(module, "places", lambda host: (place,))
    assert module.phone_urls(":8090", "http://127.0.0.1:8090/") == ["http://192.168.4.1:8090/"]
    assert module.phone_urls("127.0.0.1:0", "http://127.0.0.1:5/") == []
    assert module.phone_urls("off", None) == []
