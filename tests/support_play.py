"""Scripts of several desks, played: each acts on what it has heard; and what really holds."""

from hypothesis import strategies as st

from holub_protocol.areas import EVERYWHERE, ukraine
from holub_protocol.desk import BODY_BYTES, compose_board
from holub_protocol.kinds.alert import AlertBody, Verb
from holub_protocol.message import Message
from holub_protocol.truth import Charge, Level, Truth
from support_alerts import START_S, Desk

TREE = ukraine()
OBLAST, KYIV = 30281, 93317
RAION, NEIGHBOUR = TREE.children(OBLAST)[:2]
HROMADA = TREE.children(RAION)[0]
T = START_S
NATION, REGION = 1, 2
CHARGES = (Charge(NATION, 0, (EVERYWHERE,), ()), Charge(REGION, NATION, (OBLAST,), ()))
UP = {
    OBLAST: (OBLAST,),
    RAION: (RAION, OBLAST),
    NEIGHBOUR: (NEIGHBOUR, OBLAST),
    HROMADA: (HROMADA, RAION, OBLAST),
    KYIV: (KYIV,),
}
ABOVE = {NATION: (NATION,), REGION: (REGION, NATION)}
SKEW_S = (0, -25, 30)
ALPHABETS = (
    ("start", "start", "join", "update", "clear", "withdraw", "board", "board", "hear", "hear"),
    ("start", "start", "board", "board", "hear", "hear", "clear"),
    ("start", "update", "join", "board", "hear"),
)
Step = tuple[int, str, set[int], int, int]


def step(ops: tuple[str, ...]) -> st.SearchStrategy[Step]:
    """One desk does one thing: which areas, which known incident, which messages it hears."""
    return st.tuples(
        st.sampled_from([0, 1, 1, 2, 2]),
        st.sampled_from(ops),
        st.sets(st.sampled_from([OBLAST, RAION, NEIGHBOUR, HROMADA]), min_size=1, max_size=3),
        st.integers(0, 7),
        st.integers(0, 2**16 - 1),
    )


# Not every script has every verb: what is rare among all of them is common among few.
STEPS = st.sampled_from(ALPHABETS).flatmap(lambda ops: st.lists(step(ops), min_size=6, max_size=20))


class Model:
    """What really holds: a plain list of who asserts what, in the order of events."""

    def __init__(self) -> None:
        """Nothing holds."""
        self.asserted: list[tuple[int, int, bytes, int, bytes]] = []
        self.over: list[tuple[int, bytes, int]] = []

    def hear(self, who: int, authority: int, message: Message) -> None:
        """Apply one event when it happens."""
        body = message.body
        assert isinstance(body, AlertBody)
        areas = (message.area, *body.areas)
        if body.verb in (Verb.CLEAR, Verb.WITHDRAW):
            self.over += [(authority, body.incidents[0], area) for area in areas]
        else:
            incident = body.incidents[0] if body.incidents else message.id[:8]
            if body.verb is Verb.UPDATE:
                self.asserted = [a for a in self.asserted if (a[0], a[2]) != (who, incident)]
            self.asserted += [(who, authority, incident, area, message.id) for area in areas]
        self.asserted = [
            a
            for a in self.asserted
            if not any(
                judge in ABOVE[a[1]] and incident == a[2] and area in UP[a[3]]
                for judge, incident, area in self.over
            )
        ]

    def level(self, place: int) -> Level:
        """The true level of a place."""
        on = [area for _, _, _, area, _ in self.asserted]
        if any(area in UP[place] for area in on):
            return Level.ALERT
        return Level.PARTLY if any(place in UP[area] for area in on) else Level.CLEAR


class Play:
    """Desks that each act on what they have heard, and everything they have said."""

    def __init__(self, steps: list[Step], body_bytes: int, desks: list[Desk] | None = None) -> None:
        """Play the script."""
        self.desks = desks or [Desk(1, NATION), Desk(2, REGION), Desk(3, REGION)]
        self.views = [Truth(TREE, CHARGES) for _ in self.desks]
        self.model, self.body_bytes = Model(), body_bytes
        self.said: list[tuple[Desk, Message]] = []
        for number, (who, op, areas, pick, mask) in enumerate(steps):
            now_s = T + 7 * number + SKEW_S[who]
            if op == "board":
                self.board(who, now_s)
            elif op == "hear":
                for place, (desk, message) in enumerate(self.said):
                    if mask >> place % 16 & 1:
                        desk.tell(self.views[who], message)
            else:
                self.alert(who, op, tuple(areas), pick, now_s)

    def say(self, who: int, message: Message) -> None:
        """Publish a message: its own desk knows it at once."""
        self.said.append((self.desks[who], message))
        self.desks[who].tell(self.views[who], message)

    def alert(self, who: int, op: str, areas: tuple[int, ...], pick: int, now_s: int) -> None:
        """Say an alert about an incident that the desk knows, or about a new one."""
        desk = self.desks[who]
        known = sorted(
            {w.incident for a in (NATION, REGION) for w in self.views[who].open_words(a)}
        )
        known = [incident for incident in known if incident]
        if op != "start" and not known:
            return
        verb = Verb.START if op in ("start", "join") else Verb[op.upper()]
        named = () if op == "start" else (known[pick % len(known)],)
        message = desk.alert(verb, areas, now_s, named)
        self.model.hear(who, desk.authority, message)
        self.say(who, message)

    def board(self, who: int, now_s: int) -> Message:
        """Sign the board that the desk would sign now."""
        desk = self.desks[who]
        body = compose_board(
            self.views[who],
            desk.authority,
            desk.key,
            TREE,
            body_bytes=BODY_BYTES if who == 2 else self.body_bytes,
        )
        message = desk.message(body, OBLAST, now_s)
        self.say(who, message)
        return message
