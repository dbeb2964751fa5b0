"""What a charter changes against the one before it, in sentences that a signer reads aloud."""

from collections.abc import Callable, Iterable

from holub_crypto.charter import ANY_HAZARD, EVERYWHERE, Authority, Charter
from holub_crypto.identity import words
from holub_protocol.areas import AreaTree
from holub_protocol.hazards import hazard

_KEY_BYTES = 8


def changes(old: Charter | None, new: Charter, areas: AreaTree) -> list[str]:
    """Return one sentence for each thing that differs; all there is where `old` is None.

    A sentence that begins with "! " takes protection away, and has to be meant.
    """
    out: list[str] = []
    if old is None:
        out.append(f"founds the realm {new.name!r}")
    elif old.name != new.name:
        out.append(f"renames the realm from {old.name!r} to {new.name!r}")
    out += _roots(old, new)
    out += _keys("registrar", old.registrars if old else (), new.registrars)
    out += _authorities(old.authorities if old else (), new.authorities, areas)
    out += [f"revokes key {named(key)}" for key in _added(old.revoked if old else (), new.revoked)]
    if old is not None:
        gone = _added(new.revoked, old.revoked)
        out += [f"! no longer revokes key {named(key)}: it may speak again" for key in gone]
        if old.registry != new.registry:
            out.append(
                f"takes another registry of areas: {new.registry.hex()}, was {old.registry.hex()}"
            )
    if new.registry != areas.digest:
        out.append("! names another registry of areas than this Holub has")
    return out or ["changes nothing but the version and the date"]


def named(key: bytes) -> str:
    """Write a key for people: its first 8 bytes as digits and as words.

    The fingerprint binds all of it; whoever wants another key that begins so searches 2^64.
    """
    start = key[:_KEY_BYTES]
    return f"{start.hex()} ({words(start)})"


def _roots(old: Charter | None, new: Charter) -> list[str]:
    rule = f"{new.threshold} of {len(new.roots)} root keys sign what comes after"
    was = f"{old.threshold} of {len(old.roots)}" if old else ""
    out = []
    if not was:
        out.append(rule)
    elif was != f"{new.threshold} of {len(new.roots)}":
        out.append(f"{rule}; it was {was}")
    return out + _keys("root", old.roots if old else (), new.roots)


def _keys(role: str, old: tuple[bytes, ...], new: tuple[bytes, ...]) -> list[str]:
    return [f"adds a {role}: {named(key)}" for key in _added(old, new)] + [
        f"drops a {role}: {named(key)}" for key in _added(new, old)
    ]


def _added(old: Iterable[bytes], new: Iterable[bytes]) -> list[bytes]:
    known = frozenset(old)
    return [key for key in new if key not in known]


def _authorities(
    old: tuple[Authority, ...], new: tuple[Authority, ...], areas: AreaTree
) -> list[str]:
    before = {authority.number: authority for authority in old}
    after = {authority.number: authority for authority in new}
    out = []
    for number, authority in after.items():
        if number not in before:
            out.append(f"adds authority {number}: {_described(authority, areas)}")
        elif before[number] != authority:
            was = _described(before[number], areas)
            out.append(f"changes authority {number}: {_described(authority, areas)}; it was {was}")
    return out + [
        f"! drops authority {number}, {authority.name_en!r}: what it said holds no more"
        for number, authority in before.items()
        if number not in after
    ]


def _described(authority: Authority, areas: AreaTree) -> str:
    places = _listed(authority.areas, EVERYWHERE, "everywhere", lambda a: _place(a, areas))
    hazards = _listed(
        authority.hazards, ANY_HAZARD, "all hazards", lambda number: hazard(number).token
    )
    under = f", under authority {authority.parent}" if authority.parent else ""
    return f"{authority.name_uk!r} / {authority.name_en!r}{under}; {places}; {hazards}"


def _listed(numbers: tuple[int, ...], all_: int, everything: str, say: Callable[[int], str]) -> str:
    if all_ in numbers:
        return everything
    return ", ".join(map(say, numbers)) or "nothing"


def _place(area: int, areas: AreaTree) -> str:
    return f"{areas.name(area, 'uk')} ({area})" if area in areas else f"unknown area {area}"
