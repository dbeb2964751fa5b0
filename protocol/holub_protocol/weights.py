"""How many bytes each speaker takes: of alerts by authority and key, below them by source."""

from typing import NamedTuple, TypeVar

from holub_protocol.kinds import Class

_Key = TypeVar("_Key")

_AUTHORITIES = 65_536


class Speaker(NamedTuple):
    """Who says alerts: an authority, and the number of one of its keys."""

    authority: int
    signer: int


def source_number(authority: int, signer: int) -> int:
    """Number the sources: authorities from 1 on, then the keys that speak for none, which are
    the relays by which people speak. `signer` is a key's number."""
    return authority or _AUTHORITIES + signer


class Weights:
    """The bytes of bodies, rows and payloads, kept as they come and go."""

    def __init__(self) -> None:
        """Nobody takes anything yet."""
        self._sources: dict[int, int] = {}
        self._alerts: dict[Speaker, int] = {}
        self._authorities: dict[int, int] = {}
        self._trust: dict[tuple[int, int], int] = {}
        self.alerts_bytes = 0

    def charge(self, cls: int, authority: int, signer: int, count: int) -> None:
        """Count bytes for who speaks in a message of this class: for its key, its authority or
        both, below grants for its source and for its key where that is another."""
        if cls == Class.ALERT:
            self.alerts_bytes += count
            _count(self._authorities, authority, count)
            _count(self._alerts, Speaker(authority, signer), count)
        elif cls <= Class.GRANT:
            _count(self._trust, (cls, signer), count)
        else:
            own, source = source_number(0, signer), source_number(authority, signer)
            for each in (source,) if source == own else (source, own):
                _count(self._sources, each, count)

    def of_source(self, source: int) -> int:
        """Return what a source takes below alerts and grants."""
        return self._sources.get(source, 0)

    def of_trust(self, cls: int, signer: int) -> int:
        """Return what a key's messages of class TRUST or GRANT take."""
        return self._trust.get((cls, signer), 0)

    def of_alerts(self, speaker: Speaker) -> int:
        """Return what one key's alerts and boards for an authority take."""
        return self._alerts.get(speaker, 0)

    def of_authority(self, authority: int) -> int:
        """Return what an authority's alerts and boards take."""
        return self._authorities.get(authority, 0)

    def heaviest_authority(self) -> int:
        """Return the authority whose alerts take most, 0 where there are none."""
        totals = self._authorities
        return max(totals, key=lambda authority: (totals[authority], authority), default=0)

    def heaviest_key(self, authority: int) -> Speaker | None:
        """Return the key of an authority whose alerts take most, None if it has said none."""
        keys = [who for who in self._alerts if who.authority == authority]
        return max(keys, key=lambda who: (self._alerts[who], who), default=None)


def _count(totals: dict[_Key, int], key: _Key, count: int) -> None:
    """Add to a total, and leave none of 0."""
    total = totals.get(key, 0) + count
    if total:
        totals[key] = total
    else:
        totals.pop(key, None)
