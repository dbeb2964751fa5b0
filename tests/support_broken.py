"""Real inputs, broken: other fields where it has any, other bytes, cut, doubled or joined."""

import json
from random import Random
from typing import Final

from holub_crypto import cbor

BYTES_MAX: Final = 4096

_VALUES: Final[tuple[object, ...]] = (
    None, True, 0, -1, 1, 2**31, 2**64, -(2**70), 1e308, float("nan"), "", "0", "ab" * 32, "\ud800",
    "ї" * 50, "2026-01-01", [], {}, [None], [[]], {"do": "status"}, ["ab" * 8, 1], "x" * 2000,
)  # fmt: skip
_TOML: Final = (
    "0", "-1", "2", "93317", "9" * 30, "1.5", "nan", "true", "false", '""', '"off"', '":0"',
    '"[::1]:65536"', '"[fe80::1%eth0]:7"', '"HOLUB1-AAAA"', "[]", '[""]', "[1]", '[":1", "x:2"]',
    "[[]]", "{}", "{a = 1}", "1979-05-27", '"""\n"""', "'\\'", '"\\ud800"', "0x7f", "+inf",
)  # fmt: skip


def mutated(rng: Random, real: list[bytes]) -> bytes:
    """Return one of the real inputs with other fields, where it has any, which mostly makes one
    that can be read; or with other bytes in up to four places. At most 4096 bytes."""
    data = rng.choice(real)
    if rng.randrange(2):
        try:
            fields = cbor.decode(data)
        except cbor.CborError:
            return _other_bytes(rng, data, real)
        return cbor.encode(_other_fields(rng, fields))[:BYTES_MAX]
    return _other_bytes(rng, data, real)


def _other_fields(rng: Random, value: cbor.Value) -> cbor.Value:
    match value:
        case (first, *rest):
            changed = list(rest)
            for _ in range(rng.randrange(3)):
                at = rng.randrange(len(rest) + 1) - 1
                if at >= 0:
                    changed[at] = _other_fields(rng, changed[at])
            return (first, *changed)
        case bytes(old) if old:
            return bytes((old[0] ^ 1 << rng.randrange(8), *old[1:]))
        case bool():
            return not value
        case int(number):
            return max(0, number + rng.randrange(-3, 4))
    return rng.choice((None, b"", bytes(5), bytes(6), 0, 2**32 - 1))


def _other_bytes(rng: Random, data: bytes, real: list[bytes]) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randrange(5)):
        at = rng.randrange(len(changed))
        match rng.randrange(5):
            case 0:
                changed[at] = rng.randrange(256)
            case 1:
                changed[at] ^= 1 << rng.randrange(8)
            case 2:
                del changed[at + 1 :]
            case 3:
                changed[at:at] = rng.choice(real)[: rng.randrange(40)]
            case _:
                changed += changed[at:]
    return bytes(changed[:BYTES_MAX])


def other_json(rng: Random, real: list[bytes]) -> bytes:
    """Return a request in which up to three fields have other values, or another's, or are gone;
    every other time one with other bytes."""
    if rng.randrange(2):
        return _other_bytes(rng, rng.choice(real), real)
    fields = json.loads(rng.choice(real))
    for _ in range(rng.randrange(4)):
        other = json.loads(rng.choice(real))
        name = rng.choice(list(rng.choice((fields, other))) or ["do"])
        match rng.randrange(3):
            case 0:
                fields[name] = rng.choice(_VALUES)
            case 1:
                fields[name] = other.get(name, rng.choice(list(other.values())))
            case _:
                fields.pop(name, None)
    return json.dumps(fields).encode()


def other_toml(rng: Random, real: list[bytes]) -> bytes:
    """Return settings of which up to three have other values; every other time other bytes."""
    if rng.randrange(2):
        return _other_bytes(rng, rng.choice(real), real)
    lines = rng.choice(real).decode().splitlines()
    for _ in range(rng.randrange(4)):
        at = rng.randrange(len(lines))
        lines[at] = f"{lines[at].partition('=')[0]}= {rng.choice(_TOML)}"
    return "\n".join(lines).encode()
