"""What the `holub` command may ask of a node, as plain functions over an open station.

`handle` answers both over the daemon's socket and directly while none runs. A request is a JSON
object with `do`; the answer is one too. What is wrong is a value, {"error": text, "code": n}.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from holub_crypto.chains import DEPTH_MAX
from holub_crypto.charter import decode as decode_charter
from holub_crypto.charter import fingerprint
from holub_crypto.identity import words
from holub_crypto.trust import Role
from holub_protocol.author import PublishError
from holub_protocol.codec import decode
from holub_protocol.facts import Word
from holub_protocol.hazards import hazard, hazard_named
from holub_protocol.holdings import CHARTER
from holub_protocol.kinds import Class, kind_named
from holub_protocol.kinds.alert import INCIDENT_BYTES, AlertBody, Certainty, Verb
from holub_protocol.message import BodyError, Message
from holub_protocol.realm import kinds_of
from holub_protocol.refusal import Refusal
from holub_relay import alarms, files, granting, mail, payloads, realm, revoking, siblings
from holub_relay.asking import (
    Answer,
    Request,
    id_digits,
    int_field,
    list_field,
    only_id,
    text_field,
)
from holub_relay.discovery import remembered
from holub_relay.discovery.hints import UNTRIED, HintState, Source
from holub_relay.endorsing import endorse
from holub_relay.errors import Exit, OperatorError
from holub_relay.station import Station
from holub_relay.views import (
    alert_view,
    area_view,
    clock_view,
    described,
    grant_view,
    link_view,
    message_head,
    plain,
    row_view,
    status_view,
)

PAGE_ROWS: Final = 500
"""Messages listed in one answer: 500 x 300 B of JSON is 150 kB, made in a few milliseconds, so
that a listing of 100,000 never keeps the daemon from an alert."""

PREFIX_MIN: Final = 4
"""Digits by which an id may be shortened: fewer would often name two."""

ALERT_LIFETIME_S: Final = 86_400

_PUBLISHING: Final = frozenset(
    (
        "alert",
        "endorse",
        "board",
        "grant",
        "revoke",
        "vouch",
        "offer",
        "import",
        "post",
        *payloads.GIVING,
    )
)


def handle(station: Station, request: Request) -> Answer:
    """Answer one request; never raises for what somebody typed or sent."""
    do = request.get("do")
    act = _ACTS.get(do) if isinstance(do, str) else None
    try:
        if act is None:
            raise OperatorError(f"no request is called {do!r}; there are: {', '.join(_ACTS)}")
        return act(station, request)
    except OperatorError as error:
        return {"error": str(error), "code": int(error.code)}
    except (PublishError, BodyError, ValueError) as error:
        return {"error": str(error), "code": int(Exit.FAILED)}


def publishes(request: Request) -> bool:
    """Whether a request leaves something to commit before its answer is true."""
    return request.get("do") in _PUBLISHING


# --- publishing -------------------------------------------------------------------------------


def _alert(station: Station, request: Request) -> Answer:
    """{"verb", "areas", "hazard", "incident", "texts", "certainty", "confirm"}."""
    desk = station.desk_key()
    station.check_clock(bool(request.get("confirm")))
    verb_name = text_field(request, "verb")
    if verb_name.upper() not in Verb.__members__:
        known = ", ".join(verb.name.lower() for verb in Verb)
        raise OperatorError(f"verb {verb_name!r}: there are {known}", Exit.USAGE)
    verb = Verb[verb_name.upper()]
    areas = [realm.area_of(str(a), station.areas) for a in list_field(request, "areas")]
    token = request.get("hazard")
    number = _hazard(str(token)) if token else 0
    incidents: tuple[bytes, ...] = ()
    if request.get("incident"):
        incident, standing = _incident(station, text_field(request, "incident"))
        incidents = (incident,)
        areas = areas or sorted({word.area for word in standing})
        number = number or max((word.hazard for word in standing), default=0)
    if not areas or not number:
        missing = "--area" if not areas else "--hazard"
        raise OperatorError(f"alert {verb.name.lower()} needs {missing}", Exit.USAGE)
    certainty = str(request.get("certainty") or "unknown").upper()
    if certainty not in Certainty.__members__:
        known = ", ".join(item.name.lower() for item in Certainty)
        raise OperatorError(f"certainty {certainty.lower()!r}: there are {known}", Exit.USAGE)
    everywhere = 0 in areas
    body = AlertBody(
        verb=verb,
        areas=() if everywhere else tuple(sorted(set(areas[1:]) - {areas[0]})),
        hazard=number,
        incidents=incidents,
        certainty=Certainty[certainty],
        texts=_texts(request),
    )
    header = 0 if everywhere else areas[0]
    now = station.now()
    message = station.node.publish(
        desk.public, kind_named("alert"), header, body, ALERT_LIFETIME_S, now
    )
    named = body.incident(message.id).hex()
    return {**message_head(station, message), "incident": named, "verb": verb.name.lower()}


def _endorse(station: Station, request: Request) -> Answer:
    """{"id", "confirm"}: stand by another authority's alert, or by its end."""
    station.check_clock(bool(request.get("confirm")))
    return message_head(station, endorse(station, text_field(request, "id")))


def _hazard(token: str) -> int:
    try:
        return hazard_named(token).number
    except ValueError as error:
        raise OperatorError(str(error), Exit.USAGE) from None


def _texts(request: Request) -> tuple[tuple[str, str], ...]:
    texts = request.get("texts") or {}
    if not isinstance(texts, Mapping):
        raise OperatorError(f"texts {texts!r} is not {{language: text}}", Exit.USAGE)
    for language, text in texts.items():
        if len(language) != 2 or not (language.isascii() and language.islower()):
            raise OperatorError(
                f"text in {language!r}: a language has two letters, as uk or en", Exit.USAGE
            )
        if not isinstance(text, str) or not text:
            raise OperatorError(f"text in {language!r} is empty or no text", Exit.USAGE)
    return tuple(sorted(texts.items()))


def _incident(station: Station, text: str) -> tuple[bytes, list[Word]]:
    """Find what an incident's name, or the start of it, or the id of its start, stands for."""
    shown = "`holub alert start` and `holub status` show them"
    wanted = id_digits(text, "incident", PREFIX_MIN, shown, cut=2 * INCIDENT_BYTES)
    charter = station.node.trust.charter
    found: dict[bytes, list[Word]] = {}
    for authority in charter.authorities:
        for word, _ in station.node.truth.words(authority.number):
            if word.incident and word.incident.hex().startswith(wanted):
                found.setdefault(word.incident, []).append(word)
    if len(found) > 1:
        names = ", ".join(incident.hex() for incident in sorted(found))
        raise OperatorError(f"incident {text!r} may be any of {names}; give more digits")
    if found:
        return next(iter(found.items()))
    if len(wanted) == 2 * INCIDENT_BYTES:
        return bytes.fromhex(wanted), []
    raise OperatorError(f"no open incident begins with {text!r}", Exit.NOT_FOUND)


def _board(station: Station, request: Request) -> Answer:
    """{"confirm", "adopt"}: sign a board of what holds now, whether or not one is due."""
    station.check_clock(bool(request.get("confirm")))
    return described(station, siblings.board(station, request))


def _grant(station: Station, request: Request) -> Answer:
    """{"subject", "role", "by", "kinds", "areas", "hazards", "authority", "rate", "days", "depth",
    "sealing"}."""
    station.check_clock(bool(request.get("confirm")))
    role = Role.AUTHORITY if request.get("role") == "desk" else Role.RELAY
    desk = role is Role.AUTHORITY
    named = [kind_named(str(name)) for name in list_field(request, "kinds")]
    hazards = {_hazard(str(token)) for token in list_field(request, "hazards")}
    areas = {realm.area_of(str(a), station.areas) for a in list_field(request, "areas")}
    asked = granting.Asked(
        subject=realm.subject_of(text_field(request, "subject")),
        kinds=tuple(sorted({kind.number for kind in named})),
        hazards=tuple(sorted(hazards)),
        areas=tuple(sorted(areas)),
        authority=int_field(request, "authority", 0, 65_535),
        rate=int_field(request, "rate", 1, 65_535),
        days=int_field(request, "days", 1, 3650),
        depth=int_field(request, "depth", 0, DEPTH_MAX) or 0,
        sealing=realm.subject_of(text_field(request, "sealing")) if request.get("sealing") else b"",
    )
    by = request.get("by") or "registrar"
    if by not in granting.SIGNERS:
        raise OperatorError(f"by {by!r}: there are {', '.join(granting.SIGNERS)}", Exit.USAGE)
    if not desk and (asked.depth or by == "desk"):
        raise OperatorError("--depth and --by desk belong to --desk", Exit.USAGE)
    if by == "desk":
        given, signer = granting.by_desk(station, asked), station.desk
    else:
        given = granting.by_registrar(station, asked, int(desk), kinds_of(role))
        signer = station.registrar
    id_ = realm.grant(station, given, signer)
    station.enrol()
    return {"id": id_.hex(), "grant": grant_view(station, given)}


def _offer(station: Station, request: Request) -> Answer:
    """{"raw": hexadecimal}: take in a message that came by another way."""
    raw = bytes.fromhex(text_field(request, "raw"))
    outcome = station.node.offer(raw, station.now())
    if isinstance(outcome, Refusal):
        raise OperatorError(f"refused: {outcome.token}")
    return {"id": outcome.hex()}


# --- reading ----------------------------------------------------------------------------------


def _list_page(station: Station, request: Request) -> Answer:
    """{"kind", "after"}: one page, the most urgent class first and by time of creation within
    it, and after what the next one begins."""
    name = request.get("kind")
    kind = kind_named(str(name)) if name else None
    after = bytes.fromhex(text_field(request, "after")) if request.get("after") else b""
    rows, following = station.listing.page(station.node.holdings, kind, after, PAGE_ROWS)
    return {
        "messages": [
            {**row_view(station, row), **payloads.of_message(station, row.id)} for row in rows
        ],
        "next": following.hex() if following else None,
    }


def _show(station: Station, request: Request) -> Answer:
    """{"id"}: one message by its id or the start of it."""
    wanted = text_field(request, "id").lower()
    id_digits(wanted, "id", PREFIX_MIN, "`holub list` shows them")
    holdings = station.node.holdings
    found = sorted(
        id_ for cls in Class for id_ in holdings.held_ids(cls) if id_.hex().startswith(wanted)
    )
    id_ = only_id(found, wanted, f"no message here has an id beginning with {wanted!r}")
    row = holdings.row(id_)
    raw = station.node.body(id_)
    if raw is None:
        raise OperatorError(f"message {wanted} was damaged on disk; it is asked for anew")
    if row.kind == CHARTER:
        return {**row_view(station, row), "raw": raw.hex()}
    message = decode(raw, station.realm_id)
    assert isinstance(message, Message)
    return {**row_view(station, row), **described(station, message), "raw": raw.hex()}


def _realm(station: Station, _: Request) -> Answer:
    """Who the realm is, whom it names, and what this directory's keys may do."""
    trust = station.node.trust
    charter = trust.charter
    keys = {"node": station.identity, "desk": station.desk, "registrar": station.registrar}
    return {
        "name": charter.name,
        "id": trust.realm_id.hex(),
        "demo": station.config.demo,
        "version": charter.version,
        "fingerprint": trust.words,
        "pinned": trust.pinned,
        "forked": trust.forked,
        "forks": [
            {
                "version": rival.version,
                "fingerprint": fingerprint(trust.realm_id, rival.content_id(trust.realm_id)),
            }
            for rival in (decode_charter(raw).charter for raw in trust.forks)
        ],
        "revoked": [key.hex() for key in charter.revoked],
        "threshold": charter.threshold,
        "roots": [key.hex() for key in charter.roots],
        "registrars": [key.hex() for key in charter.registrars],
        "authorities": [
            {
                "number": a.number,
                "name_uk": a.name_uk,
                "name_en": a.name_en,
                "areas": list(a.areas),
                "hazards": [hazard(h).token if h else "all" for h in a.hazards],
            }
            for a in charter.authorities
        ],
        "keys": {
            name: {
                "public": identity.public.hex(),
                "grants": [grant_view(station, g) for g in trust.grants(identity.public)],
            }
            for name, identity in keys.items()
            if identity is not None
        },
    }


def _status(station: Station, _: Request) -> Answer:
    """How this node is: realm, area, clock, links, what it holds and what it refused."""
    node, now = station.node, station.now()
    stats = node.stats()
    charter = node.trust.charter
    return {
        "realm": charter.name,
        "demo": station.config.demo,
        "realm_id": node.trust.realm_id.hex(),
        "charter_version": stats.charter,
        "forked": stats.forked,
        "alarms": list(alarms.forks(node.trust)),
        "trust": plain(node.trust_view(now)),
        "key": station.identity.public.hex(),
        "words": words(station.identity.public[:8]),
        "granted": node.trust.is_relay(station.identity.public, now.wall_s),
        "desk": station.desk.public.hex() if station.desk else None,
        "area": area_view(station, station.config.area),
        "clock": clock_view(station),
        "status": status_view(station, node.truth.status(station.config.area, now)),
        "alerts": [alert_view(station, view) for view in node.truth.alerts(now)],
        "held": [
            {"class": cls.name.lower(), "messages": count, "bytes": size}
            for cls, count, size in stats.holdings.held
        ],
        "seen": stats.holdings.seen,
        "refusals": {reason.token: count for reason, count in stats.refusals},
        "parked": stats.parked,
        "penned": stats.penned,
        "verifications": stats.verifications,
        "payloads": plain(stats.payloads),
        "store": {
            "bytes": station.store.size_bytes(),
            "quota_bytes": station.store.quota_bytes,
            "damaged": station.store.damaged,
            "salvaged": station.salvaged,
        },
        "links": [link_view(link, now) for link in stats.links],
        "daemon": None,
    }


def _desk(station: Station, _: Request) -> Answer:
    """The desk's key, how many alerts and boards together it may sign an hour, how many of this
    hour it has signed, and in how many seconds that is over."""
    key, rate = station.desk_key().public.hex(), station.desk_rate()
    used, hour_left_s = station.desk_hour()
    return {"key": key, "rate": rate, "used": used, "hour_left_s": hour_left_s}


def _peers(station: Station, _: Request) -> Answer:
    """Hints at other relays: while none runs, where it will look first."""
    now_s = station.now().wall_s
    states = [
        HintState(
            key=key,
            granted=station.node.trust.is_relay(key, now_s),
            linked=False,
            host=host,
            port=port,
            source=Source.REMEMBERED,
            heard_ago_s=0.0,
            tried_ago_s=None,
            outcome=UNTRIED,
            proven=True,
        )
        for key, host, port in remembered.read(station.store.note(remembered.NOTE))
    ]
    return {"running": False, "links": [], "hints": [state.view() for state in states]}


def _join_code(_station: Station, _: Request) -> Answer:
    """Where others find this relay: only the daemon can tell."""
    raise OperatorError(
        "the relay is not running, so its port is not known; start it with `holub relay` and ask "
        "again",
        Exit.NOT_FOUND,
    )


def _clock_confirm(_station: Station, _: Request) -> Answer:
    """The operator's word holds until the next start, so there must be somebody running."""
    raise OperatorError(
        "the relay is not running, so there is no start for which to confirm its clock; start it "
        "with `holub relay`, or sign with --confirm-clock",
        Exit.NOT_FOUND,
    )


_ACTS: Mapping[str, Callable[[Station, Request], Answer]] = MappingProxyType(
    {
        "alert": _alert,
        "endorse": _endorse,
        "board": _board,
        "others": siblings.others,
        "grant": _grant,
        "revoke": revoking.revoke,
        "vouch": revoking.answer_vouch,
        "offer": _offer,
        "sealing-key": mail.sealing_key,
        "post": mail.post,
        "boxes": mail.boxes,
        "list": _list_page,
        "show": _show,
        "realm": _realm,
        "status": _status,
        "desk": _desk,
        "peers": _peers,
        "join-code": _join_code,
        "clock-confirm": _clock_confirm,
        "export": files.export,
        "import": files.import_,
        **payloads.ACTS,
    }
)
