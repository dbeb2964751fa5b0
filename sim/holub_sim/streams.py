"""Random numbers from one seed, in named sub-streams.

Each user of chance (a link's loss, a node's entropy, a person's habits) has a stream of its own,
so adding a fault does not shift what the others draw, and two runs that differ in one thing can
be compared. BLAKE2b in counter mode; integers only, so that no libm or platform shows through.
"""

from hashlib import blake2b

_BLOCK_BYTES = 64
_PPM = 1_000_000


class Stream:
    """The sub-stream that `seed` and `name` always give."""

    def __init__(self, seed: int, name: str) -> None:
        """Any seed of up to 128 bits, any name."""
        self._key = blake2b(
            name.encode(), key=seed.to_bytes(16, "big"), digest_size=_BLOCK_BYTES
        ).digest()
        self._counter = 0
        self._pool = b""
        self._used = 0

    def bytes(self, size: int) -> bytes:
        """Return the next `size` bytes."""
        out = self._pool[self._used : self._used + size]
        self._used += len(out)
        while len(out) < size:
            self._counter += 1
            self._pool = blake2b(self._counter.to_bytes(8, "big"), key=self._key).digest()
            self._used = min(_BLOCK_BYTES, size - len(out))
            out += self._pool[: self._used]
        return out

    def randrange(self, stop: int) -> int:
        """Return an integer from 0 to `stop` - 1, each as likely; raises ValueError below 1."""
        if stop < 1:
            raise ValueError(f"nothing lies between 0 and {stop}")
        # Eight bytes more than needed: the bias is below 2^-64.
        size = (stop.bit_length() + 7) // 8 + 8
        return int.from_bytes(self.bytes(size), "big") % stop

    def between(self, low: int, high: int) -> int:
        """Return an integer from `low` to `high`, both included."""
        return low + self.randrange(high - low + 1)

    def chance(self, ppm: int) -> bool:
        """Return True in `ppm` of a million cases; draws nothing where the answer is certain."""
        if ppm <= 0:
            return False
        return ppm >= _PPM or self.randrange(_PPM) < ppm

    def exponential(self, mean: int) -> int:
        """Return an integer of the exponential distribution with that mean.

        By comparisons only (von Neumann, "Various techniques used in connection with random
        digits", 1951): a logarithm's last bit may differ from one machine to the next.
        """
        whole = 0
        while True:
            first = last = self._word()
            length = 1
            while (drawn := self._word()) < last:
                last, length = drawn, length + 1
            if length % 2:
                return mean * ((whole << 32) + first) >> 32
            whole += 1

    def _word(self) -> int:
        return int.from_bytes(self.bytes(4), "big")
