"""One key on two machines: a data directory that was copied, restored twice, or stolen.

A relay makes a Noise key at each start and shows it, signed, on every link; nobody else can. So
whoever proves *our* key with another Noise key is another machine. And of a neighbour's key: a
Noise key that comes back after another one has taken its place belongs to a process that still
runs, so there are two; after a mere restart the old one never comes back.
"""

from collections.abc import Callable
from dataclasses import dataclass

from holub_relay.limits import TWIN_KEYS, TWIN_STARTS, TWINS

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Twin:
    """A key on two machines: the address where each was met, for our own key ours first."""

    key: bytes
    addresses: tuple[Address, Address]
    own: bool


class Twins:
    """What was met of each key, and the pairs that were found since the start."""

    def __init__(
        self,
        own_key: bytes,
        granted: Callable[[bytes], bool],
        alarm: Callable[[Twin], None] = lambda _: None,
    ) -> None:
        """`granted` tells whose keys are watched, since a stranger may do as it likes with its
        own; `alarm` is called for every pair of addresses that is new."""
        self._own_key, self._granted, self._alarm = own_key, granted, alarm
        # The starts of each key with the last address of each, the latest last; keys by last met.
        self._starts: dict[bytes, dict[bytes, Address]] = {}
        self._found: dict[tuple[bytes, str, str], Twin] = {}

    def found(self) -> tuple[Twin, ...]:
        """Return the pairs, the oldest first: while the relay runs nothing shows that the other
        machine was stopped for good."""
        return tuple(self._found.values())

    def met(self, key: bytes, static: bytes, there: Address, here: Address) -> None:
        """A link to `key` with the Noise key `static` was established, between these addresses."""
        if key == self._own_key:
            self._add(Twin(key, (here, there), own=True))
            return
        if not self._granted(key):
            return
        starts = self._starts.pop(key, {})
        self._starts[key] = starts
        latest = next(reversed(starts), static)
        if latest != static and static in starts:
            self._add(Twin(key, (starts[latest], there), own=False))
        starts.pop(static, None)
        starts[static] = there
        if len(starts) > TWIN_STARTS:
            del starts[next(iter(starts))]
        if len(self._starts) > TWIN_KEYS:
            del self._starts[next(iter(self._starts))]

    def _add(self, twin: Twin) -> None:
        first, second = sorted(host for host, _ in twin.addresses)  # ports differ by link
        name = (twin.key, first, second)
        if name in self._found:
            return
        if len(self._found) >= TWINS:
            del self._found[next(iter(self._found))]
        self._found[name] = twin
        self._alarm(twin)
