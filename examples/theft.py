"""A desk's key is stolen while the network is in two: what six relays show, and when.

Prints a transcript; docs/theft.md has it, with what it means."""

from dataclasses import replace

from holub_crypto.chains import Grant
from holub_crypto.charter import EVERYWHERE, Authority, Charter
from holub_crypto.identity import Identity
from holub_crypto.trust import Trust
from holub_protocol.areas import ukraine
from holub_protocol.codec import encode
from holub_protocol.desk import compose_board
from holub_protocol.kinds import Body, kind_named
from holub_protocol.kinds.alert import AlertBody, Verb
from holub_protocol.kinds.board import BoardBody
from holub_protocol.kinds.grant import GrantBody
from holub_protocol.kinds.revoke import RevokeBody
from holub_protocol.kinds.trustboard import TrustBoardBody, revocations_digest
from holub_protocol.message import Message
from holub_protocol.node import Node
from holub_protocol.realm import desk_grant, revocation
from holub_protocol.refusal import Refusal
from tabletop import START_S, Relay, Table, hour, key

KYIV, AIR_RAID, HOUR_S, YEAR_S = 93317, 1, 3600, 365 * 86_400
AREAS = ukraine()
ROOTS = tuple(sorted((key(f"root {n}") for n in (1, 2, 3)), key=lambda root: root.public))
REGISTRAR, DESK, SPARE, HENCHMAN = map(key, ("registrar", "desk", "spare", "thief's own"))


def first_charter() -> Charter:
    """Three holders of root keys, of whom two sign; a registrar; the city."""
    return Charter(
        name="Kyiv",
        version=1,
        created_s=START_S - YEAR_S,
        previous=b"",
        threshold=2,
        roots=tuple(root.public for root in ROOTS),
        registrars=(REGISTRAR.public,),
        authorities=(Authority(1, 0, "Місто Київ", "City of Kyiv", (KYIV,), (AIR_RAID,)),),
        registry=AREAS.digest,
    )


def granted(subject: bytes, depth: int) -> Grant:
    """What the city's desks, and the thief's own key, are to speak for: Kyiv's air raids."""
    end_s = START_S + 30 * 86_400
    return replace(desk_grant(subject, 1, end_s, areas=(KYIV,)), depth=depth)


class Story:
    """The realm, six relays in a row, and what people do at them."""

    def __init__(self) -> None:
        """Everybody has the charter and knows the desks; the registrar is at b, the spare at c."""
        self.charter = first_charter()
        first = self.charter.sign(ROOTS[:2])
        self.realm_id = Trust(first, AREAS.covers).realm_id
        self.relays = {name: Relay(name, first, AREAS) for name in "abcdef"}
        self.forged = 100
        self.table = Table(self.relays.values(), self.view)
        for one, other in zip("abcde", "bcdef", strict=True):
            self.table.link(self.relays[one], self.relays[other])
        self.at("b").add_author(REGISTRAR)
        self.at("a").add_author(DESK, fresh=True)
        self.at("c").add_author(SPARE, fresh=True)
        for desk in (DESK, SPARE):
            grant = GrantBody(granted(desk.public, depth=1))
            self.publish("b", REGISTRAR, "grant", grant, EVERYWHERE, YEAR_S // 12)

    def at(self, name: str) -> Node:
        """Return a relay's node."""
        return self.relays[name].node

    def view(self, relay: Relay) -> str:
        """What a relay's page says of Kyiv, and of its list of who is trusted."""
        now = relay.now(self.table.at_s)
        kyiv, list_ = relay.node.truth.status(KYIV, now), relay.node.trust_view(now)
        as_of = "never" if list_.as_of_s is None else hour(list_.as_of_s)
        counts = ((kyiv.alerts, "on"), (kyiv.stale, "in doubt"))
        words = ", ".join(f"{len(views)} {what}" for views, what in counts if views)
        warning = "; SOMETHING IS WITHHELD" if list_.withheld else ""
        return (
            f"Kyiv {kyiv.level.value}{f' ({words})' if words else ''}; trust list as of {as_of}: "
            f"charter {list_.charter}, {list_.revocations} revoked{warning}"
        )

    # --- what honest people do ------------------------------------------------------------------

    def publish(
        self, name: str, signer: Identity, kind: str, body: Body, area: int, lifetime_s: int
    ) -> Message:
        """Let a key sign at its own relay."""
        node, now = self.at(name), self.relays[name].now(self.table.at_s)
        return node.publish(signer.public, kind_named(kind), area, body, lifetime_s, now)

    def board(self, name: str, desk: Identity) -> None:
        """A desk signs what holds."""
        body = compose_board(self.at(name).truth, 1, desk.public, AREAS)
        self.publish(name, desk, "board", body, KYIV, 24 * HOUR_S)

    def vouch(self) -> None:
        """The registrar signs which charter and revocations there are."""
        ids, charter = self.at("b").revocations(), self.at("b").trust.charter.version
        body = TrustBoardBody(charter, len(ids), revocations_digest(ids), HOUR_S)
        self.publish("b", REGISTRAR, "trust-board", body, EVERYWHERE, 30 * 24 * HOUR_S)

    def said(self, desk: Identity) -> list[bytes]:
        """Return the ids of what b has of a desk."""
        holdings = self.at("b").holdings
        return [id_ for id_ in self.relays["b"].held() if holdings.signer(id_) == desk.public]

    def revoke(self, keep: list[bytes]) -> None:
        """The registrar revokes the desk's key; what had come before the theft stays."""
        holdings = self.at("b").holdings
        point = max((holdings.row(id_).created_s, holdings.row(id_).k) for id_ in keep)
        body = RevokeBody(revocation(DESK.public, point, keep))
        self.publish("b", REGISTRAR, "revoke", body, EVERYWHERE, 10 * YEAR_S)
        self.vouch()

    def clear(self, seen_at: str) -> None:
        """The spare desk ends all that some relay shows as in doubt, by the names it is told."""
        status = self.at(seen_at).truth.status(KYIV, self.relays[seen_at].now(self.table.at_s))
        names = tuple(sorted(view.incident for view in status.stale))
        body = AlertBody(Verb.CLEAR, (), AIR_RAID, names)
        self.publish("c", SPARE, "alert", body, KYIV, 24 * HOUR_S)
        self.table.passes(self.table.at_s + 2)
        self.board("c", SPARE)

    def second_charter(self) -> bytes:
        """Two of the three holders, without a network: the desk's key is revoked for good."""
        after = replace(
            self.charter,
            version=2,
            created_s=START_S + self.table.at_s,
            previous=self.charter.content_id(b""),
            revoked=(DESK.public,),
        )
        return after.sign(ROOTS[1:], self.realm_id)

    # --- what the thief does --------------------------------------------------------------------

    def forge(self, signer: Identity, kind: str, body: Body, at_s: int) -> bytes:
        """Sign whatever it likes, dated as it likes."""
        self.forged += 1
        return encode(
            signer,
            self.realm_id,
            kind_named(kind),
            created_s=START_S + at_s,
            k=self.forged,
            lifetime_s=24 * HOUR_S,
            area=EVERYWHERE if kind == "grant" else KYIV,
            body=body,
        )

    def offer(self, raw: bytes, names: str) -> str:
        """Give a message to relays as from a file; return what came of it."""
        told: dict[str, list[str]] = {}
        for name in names:
            outcome = self.at(name).offer(raw, self.relays[name].now(self.table.at_s))
            word = f"refused, {outcome.token}" if isinstance(outcome, Refusal) else "taken"
            told.setdefault(word, []).append(name)
        return "; ".join(f"{word} ({' '.join(who)})" for word, who in told.items())

    def attempts(self, names: str) -> None:
        """The thief tries everything it has at some relays."""
        at_s = self.table.at_s
        alert = AlertBody(Verb.START, (), AIR_RAID)
        grant = GrantBody(granted(HENCHMAN.public, depth=0))
        for what, raw in (
            ("an alert of now", self.forge(DESK, "alert", alert, at_s)),
            ("an alert dated before the theft", self.forge(DESK, "alert", alert, 30)),
            ("a board that all is clear", self.forge(DESK, "board", BoardBody(330), at_s)),
            ("a grant for its own key, of before", self.forge(DESK, "grant", grant, 30)),
            ("an alert by its own key", self.forge(HENCHMAN, "alert", alert, at_s)),
        ):
            print(f"            {what}: {self.offer(raw, names)}")


def main() -> None:
    """Tell it."""
    story = Story()
    table, c, d = story.table, story.relays["c"], story.relays["d"]
    start = AlertBody(Verb.START, (), AIR_RAID)
    table.passes(5)
    story.vouch()
    story.board("a", DESK)
    table.happens(1, "t0: the desk's key is copied at a; nobody notices yet")
    before = story.said(DESK)
    table.happens(2, "the line between c and d fails: a b c | d e f")
    table.cut(c, d)
    table.happens(3, "t1: the thief raises an alert, and one dated before the last board")
    for at_s in (table.at_s, -1800):
        raw = story.forge(DESK, "alert", start, at_s)
        print(f"            dated {hour(START_S + at_s)}: {story.offer(raw, 'af')}")
    table.happens(5, "t2: the registrar, at b, revokes the key since t0, and vouches for the list")
    story.revoke(before)
    table.happens(6, "the spare desk, at c, ends what c shows in doubt, and signs a board")
    story.clear("c")
    table.happens(7, "the thief tries a, and raises one more alert at f")
    story.attempts("a")
    again = story.forge(DESK, "alert", start, table.at_s)
    print(f"            an alert of now: {story.offer(again, 'f')}")
    table.happens(8, "t3: a charter by two of three root holders reaches f on a stick")
    print(f"            charter 2: {story.offer(story.second_charter(), 'f')}")
    table.happens(9, "the thief tries f")
    story.attempts("f")
    table.happens(10, "the line between c and d is mended")
    refused = sum(len(relay.refused) for relay in table.relays)
    table.link(c, d)
    table.happens(11, "the registrar vouches anew; c is told by telephone what d has in doubt")
    crossed = sum(len(relay.refused) for relay in table.relays) - refused
    print(f"            messages that crossed c - d and were refused: {crossed}")
    story.vouch()
    story.clear("d")
    table.happens(12, "the thief tries every relay")
    story.attempts("abcdef")
    table.happens(13, "a true alert, by the spare desk")
    story.publish("c", SPARE, "alert", start, KYIV, 24 * HOUR_S)
    table.passes(14 * 60)


if __name__ == "__main__":
    main()
