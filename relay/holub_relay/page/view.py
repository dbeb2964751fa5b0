"""What a page shows, as plain values: everything decided here, nothing in the templates."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from holub_protocol.hazards import guidance, hazard
from holub_protocol.message import Now
from holub_protocol.truth import AlertView, AreaStatus, Level
from holub_relay.clock import ClockState
from holub_relay.page.state import PageState
from holub_relay.page.texts import (
    ALARMS,
    CERTAINTIES,
    CLOCK_BY,
    CLOCK_DOUBTS,
    LEVELS,
    Clockface,
    age_text,
    age_units,
    texts,
)

NOTICES = 4
"""Withdrawn, stale and test notices each on a first page: the rest is behind the link to all."""

SAYINGS = 2
"""Free texts in the banner. One has up to 1 KiB; two and 28 lines fit 14 kB."""

ALL_LINES = 1000
"""Lines on the page of all alerts: 180 bytes each. The worst day on record had 73 at once."""

_SECOND_US = 1_000_000


class Floor:
    """The latest second that it must be by now, for a node whose clock nothing vouches for: the
    newest word an authority has signed, plus the time since the page first saw it."""

    def __init__(self) -> None:
        """Start knowing nothing."""
        self._seen: tuple[int, int] = (0, 0)

    def at(self, newest_s: int, mono_us: int) -> int:
        """Return the lower bound in Unix seconds, given the newest word at hand."""
        bound_s, since_us = self._seen
        if newest_s > bound_s + (mono_us - since_us) // _SECOND_US:
            self._seen = bound_s, since_us = newest_s, mono_us
        return bound_s + (mono_us - since_us) // _SECOND_US


@dataclass(frozen=True, slots=True)
class Line:
    """One incident at one area. `since` and `updated` are written times and `age` a written age;
    `marks` are doubts that must be shown; `saying` is the authority's free text or empty."""

    area: str
    hazard: str
    authority: str
    since_s: int
    since: str
    age: str
    updated: str
    marks: tuple[str, ...]
    saying: str


@dataclass(frozen=True, slots=True)
class Head:
    """One hazard in the banner, since when."""

    hazard: str
    since_s: int
    since: str
    age: str


@dataclass(frozen=True, slots=True)
class Said:
    """When something was last said, and its age."""

    second: int
    time: str
    age: str


@dataclass(frozen=True, slots=True)
class View:
    """One page about one area. `idents` changes by an item when there is something to hear;
    `moment_s` is the second at which the ages hold; `lines_left_out` counts what only the page
    of all alerts shows."""

    lang: str
    t: Mapping[str, str]
    home: str
    path: str
    other_path: str
    all_path: str
    level: str
    word: str
    area: str
    heads: tuple[Head, ...]
    advice: tuple[str, ...]
    sayings: tuple[Line, ...]
    as_of: Said | None
    due: str
    overdue: bool
    last_word: Said | None
    withdrawn: tuple[Line, ...]
    stale: tuple[Line, ...]
    lines: tuple[Line, ...]
    lines_left_out: int
    tests: tuple[Line, ...]
    idents: str
    moment_s: int
    units: str
    made_at: str
    reliable: bool
    clock: str
    realm: str
    demo: bool
    peers: int
    alarms: tuple[str, ...]
    trust_as_of: Said | None
    trust_late: bool
    withheld: bool


def view(
    state: PageState,
    lang: str,
    area: int,
    *,
    floor: Floor,
    clockface: Clockface,
    lines: int,
    everything: bool = False,
) -> View:
    """Return what is to be shown of `area` with at most `lines` alerts in the list; with
    `everything`, all notices too."""
    status, now = state.status(area), state.now()
    alerts, tests, trust = state.alerts(), state.tests(), state.trust()
    moment_s = _moment_s(now, floor, status, alerts, tests)
    notices = ALL_LINES if everything else NOTICES
    write = _Writer(state, lang, moment_s, now.reliable, clockface)
    here = _of_banner(state, status)
    ordered = sorted(alerts, key=lambda alert: not state.areas.related(alert.area, area))
    prefix = "" if lang == "uk" else "/en"
    place = "" if area == state.area else f"/area/{area}"
    tail = "/alerts" if everything else place
    left_out = max(0, len(status.withdrawn) - notices, len(status.stale) - notices)
    return View(
        lang=lang,
        t=texts(lang),
        home=prefix or "/",
        path=prefix + tail or "/",
        other_path=("/en" if lang == "uk" else "") + tail or "/",
        all_path=prefix + "/alerts",
        level=status.level.value,
        word=LEVELS[status.level].say(lang),
        area=_capital(state.areas.name(area, lang)),
        heads=write.heads(here),
        advice=_advice(here, lang),
        sayings=tuple(line for line in map(write.line, here) if line.saying)[:SAYINGS],
        as_of=write.said(status.as_of_s),
        due=write.time(status.next_due_s) if status.next_due_s else "",
        overdue=bool(now.reliable and status.next_due_s and status.next_due_s < now.wall_s),
        last_word=write.said(status.last_word_s),
        withdrawn=tuple(map(write.line, status.withdrawn[:notices])),
        stale=tuple(map(write.line, status.stale[:notices])),
        lines=tuple(map(write.line, ordered[:lines])),
        lines_left_out=max(0, len(alerts) - lines) + left_out + max(0, len(tests) - notices),
        tests=tuple(map(write.line, tests[:notices])),
        idents=" ".join(dict.fromkeys(_ident(a) for a in (*here, *status.withdrawn))),
        moment_s=moment_s,
        units=age_units(lang, now.reliable),
        made_at=clockface.text(now.wall_s, None),
        reliable=now.reliable,
        clock=_clock(state.clock, lang),
        realm=state.realm_name,
        demo=state.demo,
        peers=state.peers(),
        alarms=tuple(ALARMS[token].say(lang) for token in state.alarms() if token in ALARMS),
        trust_as_of=write.said(trust.as_of_s),
        trust_late=trust.late,
        withheld=trust.withheld,
    )


class _Writer:
    """Puts facts into the words of one page."""

    def __init__(
        self,
        state: PageState,
        lang: str,
        moment_s: int,
        reliable: bool,
        clockface: Clockface,
    ) -> None:
        self._state, self._lang, self._units = state, lang, age_units(lang, reliable)
        self._moment_s, self._clockface = moment_s, clockface
        self._today_s = moment_s if reliable else None

    def time(self, second: int) -> str:
        return self._clockface.text(second, self._today_s)

    def age(self, second: int) -> str:
        return age_text(max(0, self._moment_s - second), self._units)

    def said(self, second: int | None) -> Said | None:
        if second is None:
            return None
        return Said(second, self.time(second), self.age(second))

    def heads(self, alerts: tuple[AlertView, ...]) -> tuple[Head, ...]:
        """One for each hazard, the gravest first, each since its earliest start."""
        since: dict[int, int] = {}
        for alert in alerts:
            since[alert.hazard] = min(alert.since_s, since.get(alert.hazard, alert.since_s))
        return tuple(
            Head(hazard(number).name.say(self._lang), second, self.time(second), self.age(second))
            for number, second in since.items()
        )

    def line(self, alert: AlertView) -> Line:
        marks = []
        if alert.certainty in CERTAINTIES:
            marks.append(CERTAINTIES[alert.certainty].say(self._lang))
        if alert.from_future:
            marks.append(texts(self._lang)["future"])
        if alert.unconfirmed:
            marks.append(texts(self._lang)["unconfirmed"])
        if alert.removal:
            marks.append(texts(self._lang)["removal"])
        return Line(
            area=_capital(self._state.areas.name(alert.area, self._lang)),
            hazard=hazard(alert.hazard).name.say(self._lang),
            authority=self._state.authority_name(alert.authority, self._lang),
            since_s=alert.since_s,
            since=self.time(alert.since_s),
            age=self.age(alert.since_s),
            updated=self.time(alert.updated_s),
            marks=tuple(marks),
            saying=_saying(alert, self._lang),
        )


def _moment_s(
    now: Now,
    floor: Floor,
    status: AreaStatus,
    alerts: tuple[AlertView, ...],
    tests: tuple[AlertView, ...],
) -> int:
    if now.reliable:
        return now.wall_s
    words = (*alerts, *tests, *status.alerts, *status.stale, *status.withdrawn)
    newest = [alert.updated_s for alert in words]
    newest += [s for s in (status.as_of_s, status.last_word_s) if s is not None]
    return floor.at(max(newest, default=0), now.mono_us)


def _clock(clock: ClockState, lang: str) -> str:
    """What is to be said of the clock besides the time."""
    if not clock.reliable:
        said = [texts(lang)["clockless"]]
        said += [CLOCK_DOUBTS[clock.doubt].say(lang)] if clock.doubt in CLOCK_DOUBTS else []
        return " ".join(said)
    return CLOCK_BY[clock.source].say(lang) if clock.source in CLOCK_BY else ""


def _of_banner(state: PageState, status: AreaStatus) -> tuple[AlertView, ...]:
    """The alerts that make the state: at and above the place; if there are none, within it."""
    if status.level is not Level.ALERT:
        return status.alerts
    here = tuple(a for a in status.alerts if state.areas.covers(a.area, status.area))
    return here or status.alerts


def _advice(alerts: Iterable[AlertView], lang: str) -> tuple[str, ...]:
    """What to do: each hazard's general sentence, then the codes that its issuers chose."""
    sentences: dict[str, None] = {}
    for alert in alerts:
        sentences[hazard(alert.hazard).guidance.say(lang)] = None
        for code in alert.guidance:
            sentence = guidance(code)
            if sentence is not None:
                sentences[sentence.say(lang)] = None
    return tuple(sentences)


def _saying(alert: AlertView, lang: str) -> str:
    """The free text in the reader's language, else in whatever language there is."""
    by_lang = dict(alert.texts)
    return by_lang.get(lang) or next(iter(by_lang.values()), "")


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _ident(alert: AlertView) -> str:
    name = alert.incident or alert.message_id
    return name[:4].hex() + f"{alert.area:x}"
