"""What really happened, seen from above: who published what, who took it in and when.

Nodes never see it. The checks compare them with it, and the report counts in it.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from holub_protocol.kinds import Class
from holub_protocol.storage import Row


@dataclass(slots=True)
class Published:
    """One message: what it is, when and where it was published (`t_us` of the world), and at
    which hosts it has arrived so far, each with the moment. `lost`: its host crashed before the
    message was on disk, so it never existed for anybody."""

    row: Row
    t_us: int
    host: str
    lost: bool = False
    arrived_us: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Incident:
    """An alert as its desk means it: on in `area` since the message `start`."""

    start: bytes
    area: int
    t_us: int


class Ledger:
    """All messages of a run, and which incidents are on in the minds of those at the desks."""

    def __init__(self) -> None:
        """Start empty."""
        self.published: dict[bytes, Published] = {}
        self.latencies_us: dict[Class, array[int]] = {cls: array("q") for cls in Class}
        self._open: dict[int, dict[bytes, Incident]] = {}

    def publish(self, row: Row, t_us: int, host: str) -> None:
        """A host has taken in a message of its own; the same one again, as after a crash or
        where all hold the charter, changes nothing."""
        known = self.published.get(row.id)
        if known is None:
            known = self.published[row.id] = Published(row, t_us, host)
        known.lost = False
        known.arrived_us.setdefault(host, t_us)

    def arrive(self, id_: bytes, t_us: int, host: str) -> bool:
        """A host has taken in a message over a link; False if nobody has ever published it, or
        it had not left the disk of the one who did."""
        known = self.published.get(id_)
        if known is None or known.lost:
            return False
        if host not in known.arrived_us:
            known.arrived_us[host] = t_us
            self.latencies_us[Class(known.row.cls)].append(t_us - known.t_us)
        return True

    def lose(self, id_: bytes) -> None:
        """A host has crashed with a message of its own not yet on disk."""
        known = self.published.get(id_)
        if known is not None and len(known.arrived_us) <= 1:
            known.lost = True
            known.arrived_us.clear()

    def begin(self, incident: Incident) -> None:
        """A desk has started an alert."""
        self._open.setdefault(incident.area, {})[incident.start] = incident

    def end(self, incident: Incident) -> None:
        """A desk has ended an alert, or its start was lost before anybody saw it."""
        here = self._open.get(incident.area, {})
        here.pop(incident.start, None)
        if not here:
            self._open.pop(incident.area, None)

    def on_at(self, area: int) -> tuple[Incident, ...]:
        """Return what is on in exactly this area."""
        return tuple(self._open.get(area, {}).values())

    def areas_on(self) -> tuple[int, ...]:
        """Return the areas in which anything is on, in the order in which they began."""
        return tuple(self._open)

    def existing(self) -> Iterator[Published]:
        """Every message that was not lost with its host."""
        return (each for each in self.published.values() if not each.lost)
