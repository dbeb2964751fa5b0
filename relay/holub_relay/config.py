"""What the operator of a node may set: `DIR/config.toml`, overridden by the command line."""

import tomllib
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from holub_protocol.limits import STORE_BYTES_DEFAULT
from holub_relay.discovery.joincode import is_code
from holub_relay.errors import OperatorError

FILE_BYTES_MAX: Final = 65_536
"""A configuration has a few hundred bytes; a wrong path is not read to its end."""

PORT: Final = 24_658
"""The TCP port of links; discovery uses the same number over UDP."""

PAGE_PORT: Final = 8090
OFF: Final = "off"

_PORT_MAX: Final = 65_535


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One node's settings. Addresses are HOST:PORT; no host means every address; port 0 any."""

    area: int = 0
    listen: str = f":{PORT}"
    page: str = f":{PAGE_PORT}"
    peers: tuple[str, ...] = ()
    discovery: bool = True
    gate: str = ""
    clock: Literal["auto", "host", "unknown"] = "auto"
    store_mib: int = STORE_BYTES_DEFAULT >> 20
    demo: bool = False


def load(data_dir: Path) -> Config:
    """Read `config.toml`; the defaults where there is none. OperatorError names file and key."""
    path = data_dir / "config.toml"
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        return Config()
    except OSError as error:
        raise OperatorError(f"can't read {path}: {error.strerror}") from None
    if len(content) > FILE_BYTES_MAX:
        raise OperatorError(f"{path} has over {FILE_BYTES_MAX} bytes: this is no configuration")
    try:
        table = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise OperatorError(f"{path} is not TOML: {error}") from None
    return checked(table, str(path))


def checked(table: dict[str, Any], source: str) -> Config:
    """Turn a table into settings; OperatorError names `source`, the key and what it should be."""
    known = Config.__struct_fields__
    for key in table:
        if key not in known:
            raise OperatorError(f"{source}: no setting is called {key!r}; there are: {known}")
    try:
        config = msgspec.convert(table, Config)
    except msgspec.ValidationError as error:
        raise OperatorError(f"{source}: {error}") from None
    split_address(config.listen, f"{source}: listen")
    for peer in config.peers:
        if not is_code(peer):
            split_address(peer, f"{source}: peers")
    if config.page != OFF:
        split_address(config.page, f"{source}: page")
    if not 2 <= config.store_mib <= 1 << 20:
        raise OperatorError(f"{source}: store_mib {config.store_mib}: from 2 to {1 << 20} MiB")
    return config


def changed(config: Config, source: str, **changes: object) -> Config:
    """Return the settings with those `changes` that are not None, checked like a file's."""
    table = {name: getattr(config, name) for name in Config.__struct_fields__}
    table.update((name, value) for name, value in changes.items() if value is not None)
    return checked(table, source)


def save(data_dir: Path, config: Config) -> None:
    """Write what differs from the defaults to `config.toml`."""
    lines = [
        f"{name} = {_toml(value)}\n"
        for name in Config.__struct_fields__
        if (value := getattr(config, name)) != getattr(Config(), name)
    ]
    (data_dir / "config.toml").write_text("".join(lines))


def split_address(text: str, what: str) -> tuple[str | None, int]:
    """Split HOST:PORT, [IPV6]:PORT or :PORT (host None); OperatorError names `what`."""
    host, colon, port = text.rpartition(":")
    good_port = port.isascii() and port.isdigit() and int(port) <= _PORT_MAX
    bracketed = host.startswith("[") and host.endswith("]")
    if not colon or not good_port or (":" in host and not bracketed):
        raise OperatorError(
            f"{what} {text!r} is not HOST:PORT, as in 127.0.0.1:{PORT} or [::1]:{PORT}"
        )
    host = host[1:-1] if bracketed else host
    return (None if host in ("", "*") else host), int(port)


def join_address(host: str | None, port: int) -> str:
    """Write an address so that `split_address` reads it back."""
    return f"[{host}]:{port}" if host and ":" in host else f"{host or ''}:{port}"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)
