"""Desks for tests: they make messages of the alert group without keys or signatures."""

from hashlib import blake2b

from holub_crypto.identity import key_hint
from holub_protocol.facts import Change
from holub_protocol.kinds.alert import AlertBody, Verb
from holub_protocol.kinds.board import BoardBody
from holub_protocol.kinds.endorse import EndorseBody
from holub_protocol.message import Message, Now
from holub_protocol.truth import Truth

START_S = 1_700_000_000
DAY_S = 86_400


def at(wall_s: int, reliable: bool = True) -> Now:
    """A moment by the wall clock."""
    return Now(0, wall_s, reliable)


class Desk:
    """One key of an authority, whose points rise by themselves."""

    def __init__(self, number: int, authority: int) -> None:
        """Make desk `number`; its key is made up from it."""
        self.key = bytes([number]) * 32
        self.kid = key_hint(self.key)
        self.authority = authority
        self.made = 0

    def message(
        self,
        body: AlertBody | BoardBody | EndorseBody,
        area: int,
        created_s: int,
        lifetime_s: int = DAY_S,
    ) -> Message:
        """Make a message, k counting up."""
        self.made += 1
        kind = {AlertBody: 5, BoardBody: 6, EndorseBody: 7}[type(body)]
        name = blake2b(b"%b %d %d" % (self.key, created_s, self.made), digest_size=32).digest()
        return Message(b"", name, self.kid, kind, created_s, self.made, lifetime_s, area, body)

    def alert(
        self,
        verb: Verb,
        areas: tuple[int, ...],
        created_s: int,
        incidents: tuple[bytes, ...] = (),
        *,
        hazard: int = 1,
        lifetime_s: int = DAY_S,
    ) -> Message:
        """Make an alert; the first of the areas goes to the header."""
        first, *rest = sorted(set(areas))
        body = AlertBody(verb, tuple(rest), hazard, tuple(sorted(incidents)))
        return self.message(body, first, created_s, lifetime_s)

    def start(
        self, areas: tuple[int, ...], created_s: int, *, hazard: int = 1, lifetime_s: int = DAY_S
    ) -> Message:
        """Make a start of a new incident."""
        return self.alert(Verb.START, areas, created_s, hazard=hazard, lifetime_s=lifetime_s)

    def tell(self, truth: Truth, *messages: Message) -> list[Change]:
        """Give messages of this desk to a truth."""
        return [truth.add(message, self.key, self.authority) for message in messages]
