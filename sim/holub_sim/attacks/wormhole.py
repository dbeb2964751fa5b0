"""A tunnel between relays of different places, faster than any link that the others have.

For messages that everybody passes on it is a gift; it must not become a need.
"""

from holub_sim.attacks.actor import Actor, Means
from holub_sim.network import Quality, Wire

_TUNNEL = Quality(latency_us=1, jitter_us=0, bits_per_s=1_000_000_000, loss_ppm=0)


class Wormhole(Actor):
    """Joins its relay with the next one of the same attack, and takes the tunnel away at the
    end, when others may have come to rely on it."""

    def __init__(self, means: Means) -> None:
        """Dig, but let nothing through yet."""
        super().__init__(means)
        host, fellows = means.host, means.fellows
        self._wire: Wire | None = None
        if host is None or len(fellows) < 2 or host is fellows[-1]:
            return
        other = fellows[fellows.index(host) + 1]
        wire = self._wire = Wire(means.world, host, other, _TUNNEL)
        wire.cut()
        host.wires.append((wire, 0))
        other.wires.append((wire, 1))

    def begin(self) -> None:
        """Open the tunnel."""
        super().begin()
        if self._wire is not None:
            self._wire.heal()
            self._wire.dial()

    def end(self) -> None:
        """Close it."""
        super().end()
        if self._wire is not None:
            self._wire.cut()
