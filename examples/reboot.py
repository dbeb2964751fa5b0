"""A relay loses its power in the middle of a raid and comes back in 1970: what it shows, and when.

Prints a transcript; docs/clocks.md has it, with what it means."""

from holub_crypto.charter import EVERYWHERE, Authority
from holub_protocol.areas import ukraine
from holub_protocol.author import PublishError
from holub_protocol.desk import compose_board
from holub_protocol.kinds import Body, kind_named
from holub_protocol.kinds.alert import AlertBody, Verb
from holub_protocol.kinds.grant import GrantBody
from holub_protocol.message import Message
from holub_protocol.realm import desk_grant, found
from tabletop import START_S, Relay, Table, hour, key

KYIV, AIR_RAID, DAY_S = 93317, 1, 86_400
AREAS = ukraine()
REGISTRAR, DESK = key("registrar"), key("desk")


class Story:
    """Three relays in a row; the desk is at a, the observer is c."""

    def __init__(self) -> None:
        """Everybody has the charter and the desk's grant."""
        city = Authority(1, 0, "Місто Київ", "City of Kyiv", (KYIV,), (AIR_RAID,))
        charter = found("Kyiv", key("root"), (REGISTRAR.public,), (city,), AREAS, START_S - DAY_S)
        self.a, self.b, self.c = (Relay(name, charter, AREAS) for name in "abc")
        self.table = Table((self.a, self.b, self.c), self.view)
        self.table.link(self.a, self.b)
        self.table.link(self.b, self.c)
        self.a.node.add_author(REGISTRAR)
        self.a.node.add_author(DESK, fresh=True)
        grant = GrantBody(desk_grant(DESK.public, 1, START_S + 30 * DAY_S, areas=(KYIV,)))
        self.publish(REGISTRAR.public, "grant", grant, EVERYWHERE, 30 * DAY_S)

    def view(self, relay: Relay) -> str:
        """What a relay's page says of Kyiv, and of its own clock."""
        now = relay.now(self.table.at_s)
        kyiv = relay.node.truth.status(KYIV, now)
        alerts = f" ({len(kyiv.alerts)} on)" if kyiv.alerts else ""
        clock = "known" if now.reliable else "NOT KNOWN, whatever its clock shows"
        return f"Kyiv {kyiv.level.value}{alerts}; the time is {clock}"

    def publish(
        self, signer: bytes, kind: str, body: Body, area: int = KYIV, lifetime_s: int = DAY_S
    ) -> Message:
        """Sign at a."""
        now = self.a.now(self.table.at_s)
        return self.a.node.publish(signer, kind_named(kind), area, body, lifetime_s, now)

    def say(self, verb: Verb, *names: bytes) -> bytes:
        """The desk starts an alert, or ends those named; return the new one's name."""
        body = AlertBody(verb, (), AIR_RAID, tuple(sorted(names)))
        return self.publish(DESK.public, "alert", body).id[:8]

    def board(self) -> None:
        """The desk signs what holds."""
        self.publish(DESK.public, "board", compose_board(self.a.node.truth, 1, DESK.public, AREAS))

    def tries_to_sign(self) -> None:
        """A key at c signs nothing by a clock of 1970."""
        self.c.node.add_author(self.c.identity)
        try:
            self.c.node.publish(
                self.c.identity.public, kind_named("alert"), KYIV,
                AlertBody(Verb.START, (), AIR_RAID), DAY_S, self.c.now(self.table.at_s),
            )  # fmt: skip
        except PublishError as error:
            print(f"            c signs nothing: {error}")

    def signed(self) -> str:
        """The newest time that somebody has signed, as c knows it: it sets no clock."""
        return hour(max(self.c.node.signed_times_s(self.c.now(self.table.at_s))))


def main() -> None:
    """Tell it."""
    story = Story()
    table, b, c = story.table, story.b, story.c
    table.passes(5)
    story.board()
    table.happens(1, "an alert")
    first = story.say(Verb.START)
    table.happens(2, "c loses its power")
    table.cut(b, c)
    table.relays.remove(c)
    table.happens(4, "c is back, alone, with a clock that says 1970-01-01 00:00:20")
    c.wrong_by_s, c.reliable = 20 - START_S - table.at_s, False
    c.boot(table.at_s)
    table.relays.append(c)
    table.happens(5, "c finds b again; the newest time that a board has signed is its only hint")
    table.link(b, c)
    table.happens(6, "a second alert")
    second = story.say(Verb.START)
    table.happens(7, "the desk ends both and signs a board")
    story.say(Verb.CLEAR, first, second)
    table.passes(table.at_s + 2)
    story.board()
    table.passes(table.at_s + 2)
    true = hour(START_S + table.at_s)
    print(f"            by signed times it is {story.signed()} at least at c; it is {true}")
    story.tries_to_sign()
    table.happens(8, "a true source of time returns to c: nobody touches anything else")
    c.wrong_by_s, c.reliable = 0, True
    table.passes(table.at_s + 5)
    same = story.a.held() == b.held() == c.held()
    print(f"            a, b and c hold the same {len(c.held())} messages: {same}")


if __name__ == "__main__":
    main()
