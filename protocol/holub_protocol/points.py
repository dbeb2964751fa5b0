"""Which points of its order each key has used: (created, k) of its messages, hour by hour."""

HOUR_S = 3600
"""k counts within an hour of Unix time."""


class Points:
    """For each signer, group and hour the k that its remembered messages bear, as bits."""

    def __init__(self) -> None:
        """Start with none used."""
        self._used: dict[tuple[int, str, int], int] = {}

    def use(self, signer: int, group: str, hour: int, k: int) -> None:
        """Note a point as used."""
        slot = (signer, group, hour)
        self._used[slot] = self._used.get(slot, 0) | 1 << k

    def free(self, signer: int, group: str, hour: int, k: int) -> None:
        """Forget a point whose message is gone."""
        slot = (signer, group, hour)
        left = self._used.get(slot, 0) & ~(1 << k)
        if left:
            self._used[slot] = left
        else:
            self._used.pop(slot, None)

    def is_used(self, signer: int, group: str, hour: int, k: int) -> bool:
        """Whether a message that is remembered bears the point."""
        return bool(self._used.get((signer, group, hour), 0) >> k & 1)
