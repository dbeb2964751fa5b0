"""Making and joining realms: files, fingerprints, URLs, and the demo realm of a machine."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from holub_crypto.trust import Role
from holub_protocol.areas import ukraine
from holub_protocol.kinds import KINDS
from holub_protocol.realm import kinds_of
from holub_relay import realm
from holub_relay.config import Config
from holub_relay.errors import Exit, OperatorError
from holub_relay.station import Station, read_charter
from support_relay import KYIV, joined, made


@contextmanager
def web(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """A web server on loopback for one charter; its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/charter"
        finally:
            server.shutdown()
            thread.join()


def giving(content: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    """Answer with these bytes."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def test_a_new_realm_can_speak(tmp_path: Path) -> None:
    """After `make` the relay and the desk are granted, each what its role signs."""
    made_realm = realm.make(tmp_path / "a", "Nova", Config(store_mib=8), os.urandom)
    assert all(path.exists() for path, _ in made_realm.files)
    assert len(made_realm.words.split()) == 12
    with Station.open(tmp_path / "a") as station:
        trust = station.node.trust
        assert trust.charter.name == "Nova"
        (relay,) = trust.grants(station.identity.public)
        (desk,) = trust.grants(station.desk_key().public)
        assert (relay.authority, desk.authority) == (0, 1)
        assert relay.kinds == kinds_of(Role.RELAY)
        assert all(KINDS[number].signer is Role.AUTHORITY for number in desk.kinds)


def test_a_directory_belongs_to_one_realm(tmp_path: Path) -> None:
    """Neither making nor joining overwrites a realm, or what is left of a set-up."""
    data = made(tmp_path)
    before = read_charter(data)
    with pytest.raises(OperatorError, match="belongs to a realm already"):
        realm.make(data, "Other", Config(), os.urandom)
    with pytest.raises(OperatorError, match="belongs to a realm already"):
        realm.join(data, str(data / "charter.cbor"), Config(), os.urandom)
    assert read_charter(data) == before
    (tmp_path / "half" / "keys").mkdir(parents=True)
    with pytest.raises(OperatorError, match="did not end"):
        realm.make(tmp_path / "half", "Other", Config(), os.urandom)


def test_joining_by_file_pins_the_same_realm(tmp_path: Path) -> None:
    """Both sides have one realm id, and the newcomer has no grant yet."""
    first = made(tmp_path)
    second = joined(tmp_path, first)
    with Station.open(first) as a, Station.open(second) as b:
        assert a.realm_id == b.realm_id
        assert b.node.trust.grants(b.identity.public) == ()


def test_a_wrong_fingerprint_joins_nothing(tmp_path: Path) -> None:
    """Words that differ are refused, both shown, and the directory stays empty."""
    first = made(tmp_path)
    source = str(first / "charter.cbor")
    with pytest.raises(OperatorError, match="somebody gave you a wrong charter") as error:
        realm.join(tmp_path / "b", source, Config(), os.urandom, "vavom " * 12)
    assert "vavom" in str(error.value)
    assert not (tmp_path / "b").exists()


def test_the_right_fingerprint_joins_whatever_its_spacing(tmp_path: Path) -> None:
    """People write words in capitals and with odd spaces."""
    made_realm = realm.make(tmp_path / "a", "Nova", Config(store_mib=8), os.urandom)
    words = "  ".join(made_realm.words.upper().split()) + "\n"
    source = str(tmp_path / "a" / "charter.cbor")
    got = realm.join(tmp_path / "b", source, Config(store_mib=8), os.urandom, words)
    assert got.words == made_realm.words


def test_a_url_of_this_machine_needs_no_fingerprint(tmp_path: Path) -> None:
    """Loopback is as good as a file."""
    first = made(tmp_path)
    with web(giving(read_charter(first))) as url:
        realm.join(tmp_path / "b", url, Config(store_mib=8), os.urandom)
    assert read_charter(tmp_path / "b") == read_charter(first)


def test_a_url_beyond_this_machine_needs_words_or_a_yes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without either nothing is pinned; the question shows the words."""
    first = made(tmp_path)
    raw = read_charter(first)
    monkeypatch.setattr(realm, "read_source", lambda _: (raw, False))
    with pytest.raises(OperatorError, match="--fingerprint"):
        realm.join(tmp_path / "b", "http://far.example/c", Config(), os.urandom)
    asked: list[str] = []

    def yes(words: str) -> bool:
        asked.append(words)
        return True

    config = Config(store_mib=8)
    got = realm.join(tmp_path / "b", "http://far.example/c", config, os.urandom, confirm=yes)
    assert asked == [got.words]


def test_what_is_not_on_this_machine_is_known(tmp_path: Path) -> None:
    """Loopback is judged by the address, never by how the name begins."""
    for host, local in (
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("localhost", True),
        ("::1", True),
        ("127.0.0.1.far.example", False),
        ("10.0.0.1", False),
    ):
        assert realm._is_loopback(host) is local


def redirecting(handler: BaseHTTPRequestHandler) -> None:
    """Send the caller elsewhere."""
    handler.send_response(302)
    handler.send_header("Location", "http://127.0.0.1:9/elsewhere")
    handler.end_headers()


def cutting(handler: BaseHTTPRequestHandler) -> None:
    """Promise more than comes."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b"abc")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (giving(b"x" * 100_000), "over 4096 bytes"),
        (giving(b"<html>not found</html>"), "no charter to start from"),
        (giving(b""), "no charter to start from"),
        (cutting, "charter"),
        (redirecting, "302"),
    ],
)
def test_hostile_servers_join_nothing(
    tmp_path: Path, answer: Callable[[BaseHTTPRequestHandler], None], told: str
) -> None:
    """Endless, wrong, cut and redirecting answers are errors that name the URL."""
    with web(answer) as url, pytest.raises(OperatorError, match=told) as error:
        realm.join(tmp_path / "b", url, Config(), os.urandom)
    assert url in str(error.value)
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("nowhere.cbor", Exit.NOT_FOUND),
        ("ftp://far.example/charter", Exit.USAGE),
        ("http:///charter", Exit.USAGE),
        ("http://127.0.0.1:1/charter", Exit.FAILED),
    ],
)
def test_a_source_that_is_none_is_told(source: str, code: Exit) -> None:
    """Missing files, other schemes and dead servers each have their exit code."""
    with pytest.raises(OperatorError) as error:
        realm.read_source(source)
    assert error.value.code is code


def test_areas_are_ids_and_names_get_a_hint() -> None:
    """A name is answered with the ids of regions called so."""
    areas = ukraine()
    assert realm.area_of(str(KYIV), areas) == KYIV
    assert realm.area_of("0", areas) == 0
    with pytest.raises(OperatorError, match=rf"did you mean .*{KYIV}"):
        realm.area_of("місто Київ", areas)
    for wrong in ("1", "-5", "9" * 30, "", "Атлантида", "９３３１７"):
        with pytest.raises(OperatorError, match="no area id"):
            realm.area_of(wrong, areas)


@pytest.mark.parametrize("text", ["", "abc", "00" * 31, "zz" * 32, "00" * 33])
def test_subjects_are_whole_keys(text: str) -> None:
    """Only 64 hexadecimal digits are a key."""
    with pytest.raises(OperatorError, match="no public key"):
        realm.subject_of(text)
    assert realm.subject_of("ab" * 32) == b"\xab" * 32


def test_trial_relays_share_the_demo_realm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first makes the realm at the documented place, the second joins it, both may speak."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert realm.demo_charter() is None
    config = Config(area=realm.DEMO_AREA, demo=True, store_mib=8)
    for name in ("one", "two"):
        realm.join_demo(tmp_path / name, config, os.urandom)
        realm.enrol_demo(tmp_path / name, os.urandom)
    assert (tmp_path / "state" / "holub" / "demo-realm" / "charter.cbor").exists()
    with Station.open(tmp_path / "one") as one, Station.open(tmp_path / "two") as two:
        assert one.realm_id == two.realm_id
        assert one.desk_key().public != two.desk_key().public
        assert one.config.demo
        for station in (one, two):
            assert station.node.trust.grants(station.identity.public)


def test_enrolling_again_signs_nothing_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each start of a trial relay asks, but only a missing grant is signed."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    realm.join_demo(tmp_path / "one", Config(demo=True, store_mib=8), os.urandom)
    for _ in range(2):
        realm.enrol_demo(tmp_path / "one", os.urandom)
        with Station.open(tmp_path / "one") as station:
            assert len(station.node.trust.grants(station.desk_key().public)) == 1


def test_the_demo_realm_lies_in_the_home_without_xdg(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative or missing XDG_STATE_HOME is no place (XDG base directories, 0.8)."""
    monkeypatch.setenv("HOME", str(tmp_path))
    expected = tmp_path / ".local" / "state" / "holub" / "demo-realm"
    for value in ("", "relative"):
        monkeypatch.setenv("XDG_STATE_HOME", value)
        assert realm.demo_dir() == expected
