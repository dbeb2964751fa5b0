"""A relay's whereabouts as one word to type or to scan, where multicast does not pass.

`HOLUB1-` and base32 of CBOR `[realm, key, port, [address, ...]]` with 4 bytes of BLAKE2b behind;
in a district with a gate key that is the fifth field, and then the code is a secret like it.
`realm` is the first 16 bytes of the realm id: enough to notice a code of another realm; who
answers must prove `key` in the handshake.  Nothing else in it is secret, nothing
in it is trusted.
"""

import base64
import binascii
from dataclasses import dataclass
from hashlib import blake2b
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from holub_crypto import cbor
from holub_crypto.identity import PUBLIC_BYTES

PREFIX: Final = "HOLUB1-"
REALM_BYTES: Final = 16
HOSTS_MAX: Final = 4
"""Addresses in a code: what a QR code still shows well in a terminal (about 200 letters)."""

GATE_BYTES: Final = 32

_CHECK_BYTES: Final = 4
_TEXT_MAX: Final = 1024


@dataclass(frozen=True, slots=True)
class JoinCode:
    """Where a relay of a realm listens: hosts are IPv4 or IPv6 addresses without a scope."""

    realm: bytes
    key: bytes
    port: int
    hosts: tuple[str, ...]
    gate: bytes | None = None


def is_code(text: str) -> bool:
    """Whether somebody means a join code and not HOST:PORT."""
    return _squeezed(text).startswith(PREFIX[:-1])


def encode(code: JoinCode) -> str:
    """The code as text, in letters that a QR code packs well; ValueError for a bad address."""
    packed = tuple(ip_address(host).packed for host in code.hosts[:HOSTS_MAX])
    gate = () if code.gate is None else (code.gate,)
    content = cbor.encode((code.realm, code.key, code.port, packed, *gate))
    return PREFIX + base64.b32encode(content + _check(content)).decode().rstrip("=")


def decode(text: str) -> JoinCode:
    """Read a code, in capitals or not, with or without spaces; ValueError says what is wrong."""
    letters = _squeezed(text)
    if len(letters) > _TEXT_MAX or not letters.startswith(PREFIX[:-1]):
        raise ValueError(f"a join code begins with {PREFIX}")
    letters = letters.removeprefix(PREFIX[:-1])
    try:
        raw = base64.b32decode(letters + "=" * (-len(letters) % 8))
    except binascii.Error:
        raise ValueError("a letter is missing, or one that no join code has") from None
    content, check = raw[:-_CHECK_BYTES], raw[-_CHECK_BYTES:]
    if check != _check(content):
        raise ValueError("a letter is wrong: its checksum does not fit")
    fields = cbor.as_tuple(cbor.decode(content))
    if len(fields) not in (4, 5):
        raise ValueError("not four or five fields; perhaps it is of a newer version")
    realm, key, port, hosts, *gate = fields
    packed = cbor.as_tuple(hosts)
    if not 1 <= len(packed) <= HOSTS_MAX:
        raise ValueError(f"{len(packed)} addresses")
    return JoinCode(
        cbor.as_bytes(realm, REALM_BYTES, REALM_BYTES),
        cbor.as_bytes(key, PUBLIC_BYTES, PUBLIC_BYTES),
        cbor.as_int(port, 1, 65_535),
        tuple(_host(cbor.as_bytes(address, 4, 16)) for address in packed),
        cbor.as_bytes(gate[0], GATE_BYTES, GATE_BYTES) if gate else None,
    )


def _host(packed: bytes) -> str:
    address = IPv4Address(packed) if len(packed) == 4 else IPv6Address(packed)
    return str(address)


def _check(content: bytes) -> bytes:
    return blake2b(content, digest_size=_CHECK_BYTES, person=b"holub join").digest()


def _squeezed(text: str) -> str:
    return "".join(text.split()).replace("-", "").upper()
