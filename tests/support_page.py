"""A daemon for tests of the page: a real Truth fed by desks, and counts made up."""

from dataclasses import dataclass, field

import trio

from holub_protocol.areas import AreaTree, ukraine
from holub_protocol.holdings import HoldingStats
from holub_protocol.kinds import Class
from holub_protocol.kinds.alert import AlertBody, Certainty, Verb
from holub_protocol.kinds.board import BoardBody
from holub_protocol.message import Message, Now
from holub_protocol.refusal import Refusal
from holub_protocol.stats import ClassStats, LinkStats, NodeStats, PayloadStats
from holub_protocol.trustlist import TrustView
from holub_protocol.truth import AlertView, AreaStatus, Charge, Truth
from holub_relay.clock import ClockState, Doubt, Source
from holub_relay.page.state import StoreStats, Ticks
from support_alerts import START_S, Desk

KYIV = 93317
HOLOSIIV = 26643
NOW_S = START_S + 3600
NAMES = {1: {"uk": "Повітряні сили", "en": "Air Force"}}


TRUSTED = TrustView(1, 0, START_S, late=False, withheld=False)


def link_stats() -> LinkStats:
    """Return one link's counts, each another number."""
    return LinkStats(
        link=3,
        peer=bytes(range(32)),
        live=True,
        since_us=0,
        frames_in=11,
        frames_out=12,
        bytes_in=1300,
        bytes_out=1400,
        messages_in=15,
        messages_out=16,
        duplicates=17,
        unknown_frames=18,
        refusals=((Refusal.QUOTA, 2),),
        round_trip_us=250_000,
        classes=(
            ClassStats(Class.ALERT, 30, 11, 19, False),
            ClassStats(Class.BULK, 0, None, 0, None),
        ),
    )


@dataclass
class FakeState:
    """What PageState asks for, over a Truth of one authority charged with everything."""

    area: int = KYIV
    areas: AreaTree = field(default_factory=ukraine)
    realm_name: str = "Перевірка"
    demo: bool = False
    source: Source = Source.HOST
    doubt: Doubt = Doubt.NONE
    reliable: bool = True
    trusted: TrustView = field(default=TRUSTED)
    wall_s: int = NOW_S
    mono_us: int = 0
    writable: bool = True
    alarming: tuple[str, ...] = ()
    names: dict[int, dict[str, str]] = field(default_factory=lambda: dict(NAMES))

    def __post_init__(self) -> None:
        self.desk = Desk(1, 1)
        self.truth = Truth(self.areas, [Charge(1, 0, (0,), (0,))])
        self.ticks = Ticks()

    @property
    def clock(self) -> ClockState:
        """What is said of the clock."""
        source = self.source if self.reliable else Source.NOTHING
        return ClockState(source, 0, self.doubt)

    def add(self, message: Message) -> Message:
        """Take in a message of the desk, and tick."""
        self.truth.add(message, self.desk.key, self.desk.authority)
        self.ticks.tick()
        return message

    def start(
        self,
        area: int = KYIV,
        age_s: int = 720,
        *,
        hazard: int = 1,
        lifetime_s: int = 86_400,
        text: str = "",
        lang: str = "uk",
        certainty: Certainty = Certainty.UNKNOWN,
        guidance: tuple[int, ...] = (),
    ) -> Message:
        """Raise an alert that is `age_s` old."""
        texts = ((lang, text),) if text else ()
        body = AlertBody(
            Verb.START, (), hazard, certainty=certainty, guidance=guidance, texts=texts
        )
        return self.add(self.desk.message(body, area, self.wall_s - age_s, lifetime_s))

    def test(self, area: int = KYIV, text: str = "") -> Message:
        """Send a test."""
        texts = (("uk", text),) if text else ()
        body = AlertBody(Verb.TEST, (), 1, texts=texts)
        return self.add(self.desk.message(body, area, self.wall_s - 60))

    def withdraw(self, start: Message) -> Message:
        """Take an alert back as false."""
        return self.add(
            self.desk.alert(Verb.WITHDRAW, (start.area,), self.wall_s - 30, (start.id[:8],))
        )

    def board(self, age_s: int = 60) -> Message:
        """Sign a board that says that nothing of before is on, next due in 10 minutes."""
        body = BoardBody(600)
        return self.add(self.desk.message(body, 0, self.wall_s - age_s))

    # --- PageState ----------------------------------------------------------------------------

    def now(self) -> Now:
        """Return the moment that the test has set."""
        return Now(self.mono_us, self.wall_s, self.reliable)

    def status(self, area: int) -> AreaStatus:
        """Ask the Truth."""
        return self.truth.status(area, self.now())

    def alerts(self) -> tuple[AlertView, ...]:
        """Ask the Truth."""
        return self.truth.alerts(self.now())

    def tests(self) -> tuple[AlertView, ...]:
        """Ask the Truth."""
        return self.truth.tests(self.now())

    def authority_name(self, number: int, lang: str) -> str:
        """Return the name in the test's charter."""
        return self.names[number][lang]

    def stats(self) -> NodeStats:
        """Return counts, each another number."""
        return NodeStats(
            holdings=HoldingStats(held=((Class.ALERT, 21, 2200),), seen=23),
            links=(link_stats(),),
            refusals=((Refusal.BAD_SIGNATURE, 24), (Refusal.FUTURE, 25)),
            parked=26,
            penned=27,
            verifications=28,
            charter=1,
            forked=False,
            payloads=PayloadStats(29, 30, 31, 32, 33, 34),
        )

    def store(self) -> StoreStats:
        """Return the store's health as the test has set it."""
        return StoreStats(self.writable, 29_000, 30_000)

    def alarms(self) -> tuple[str, ...]:
        """Return what the test has set."""
        return self.alarming

    def trust(self) -> TrustView:
        """Return what is known of the realm's trust."""
        return self.trusted

    def peers(self) -> int:
        """Return one neighbour."""
        return 1

    def subscribe(self) -> trio.abc.ReceiveChannel[None]:
        """Listen to the test's ticks."""
        return self.ticks.subscribe()
