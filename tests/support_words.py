"""Desks of three authorities and an observer, for tests of words."""

from holub_protocol.areas import ukraine
from holub_protocol.facts import Change, Fact
from holub_protocol.kinds.board import BoardBody, Cover, Listed, bitmap_of
from holub_protocol.message import Message
from holub_protocol.words import Words
from support_alerts import START_S, Desk

TREE = ukraine()
OBLAST, KYIV, LVIV = 30281, 93317, 26241
RAION, NEIGHBOUR = TREE.children(OBLAST)[:2]
HROMADA = TREE.children(RAION)[0]
UNKNOWN_AREA = 99_998
T = START_S
# Authority 2 answers to authority 1; authority 3 stands beside them.
ABOVE: dict[int, tuple[int, ...]] = {1: (), 2: (1,), 3: ()}


class Scene:
    """Two desks of one authority, one of the authority above and one beside, and an observer."""

    def __init__(self) -> None:
        """Nothing has been said."""
        self.words = Words(TREE, ABOVE)
        self.one, self.two = Desk(1, 2), Desk(2, 2)
        self.chief, self.stranger = Desk(3, 1), Desk(4, 3)

    def say(self, desk: Desk, message: Message) -> Change:
        """Let the observer take in a message."""
        return self.words.add(Fact(message, desk.key, desk.authority))

    def standing(self) -> list[tuple[bytes, int]]:
        """(incident, area) of the words that stand, sorted."""
        return sorted((held.word.incident, held.word.area) for held in self.words.standing())


def board(*covers: Cover, words: tuple[Listed, ...] = ()) -> BoardBody:
    """A board in the form with names."""
    return BoardBody(330, tuple(sorted(covers, key=lambda c: c.kid)), words)


def bitmap(*areas: int, covers: tuple[Cover, ...] = ()) -> BoardBody:
    """A board in the form of bits, for hazard 1."""
    bits = bitmap_of(frozenset(areas), TREE.board_order)
    return BoardBody(330, covers, (), ((1, bits),) if bits else ())
