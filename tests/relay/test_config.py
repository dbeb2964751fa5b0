"""The configuration file: read strictly, written so that it is read back."""

from pathlib import Path

import pytest

from holub_relay import config
from holub_relay.config import Config
from holub_relay.errors import OperatorError


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    """A directory without a configuration has all defaults."""
    assert config.load(tmp_path) == Config()


def test_what_is_saved_is_read_back(tmp_path: Path) -> None:
    """Every setting survives the file, quotes and backslashes included."""
    wanted = Config(
        area=93317,
        listen="[::1]:7000",
        page="off",
        peers=("a.example:1", "10.0.0.2:24658"),
        discovery=False,
        gate='/etc/holub/gate "1".key',
        clock="unknown",
        store_mib=16,
        demo=True,
    )
    config.save(tmp_path, wanted)
    assert config.load(tmp_path) == wanted


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("colour = 1", "'colour'"),
        ("area = 'Kyiv'", "area"),
        ("area = [", "not TOML"),
        ("clock = 'gps'", "clock"),
        ("listen = 'nowhere'", "nowhere"),
        ("page = '1.2.3.4:99999'", "99999"),
        ("peers = ['::1:80']", "::1:80"),
        ("store_mib = 1", "store_mib 1"),
        ("discovery = 'yes'", "discovery"),
        ("a = " + "[" * 5000, "not TOML"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, told: str) -> None:
    """Unknown keys, wrong types and impossible values are errors with file and value."""
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(OperatorError) as error:
        config.load(tmp_path)
    assert told in str(error.value)
    assert "config.toml" in str(error.value)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"#" * 100_000, b"area = 1\x00"])
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes) -> None:
    """Binary and endless files are no configuration."""
    (tmp_path / "config.toml").write_bytes(content)
    with pytest.raises(OperatorError):
        config.load(tmp_path)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        (":24658", None, 24658),
        ("*:1", None, 1),
        ("127.0.0.1:0", "127.0.0.1", 0),
        ("[fe80::1%eth0]:5", "fe80::1%eth0", 5),
    ],
)
def test_addresses_are_split(text: str, host: str | None, port: int) -> None:
    """Host and port come apart, and join again to what splits the same."""
    assert config.split_address(text, "x") == (host, port)
    assert config.split_address(config.join_address(host, port), "x") == (host, port)


def test_changes_are_checked_and_none_changes_nothing() -> None:
    """Command line options override where they are given, and are held to the same rules."""
    changed = config.changed(Config(area=5), "command line", listen="127.0.0.1:1", page=None)
    assert (changed.area, changed.listen, changed.page) == (5, "127.0.0.1:1", Config().page)
    with pytest.raises(OperatorError, match="command line: listen"):
        config.changed(Config(), "command line", listen="x")
