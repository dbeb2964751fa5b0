"""The alert: one event about one incident, in codes; the node supplies the words.

Five verbs that are never mixed: start, update, all-clear, withdraw (it was wrong) and test. The
start's own id names the incident, so a first alert carries no identifier and takes 4 bytes.
"""

from dataclasses import dataclass
from enum import IntEnum

from holub_crypto.cbor import CborError, Value, as_bytes, as_int, as_text, as_tuple
from holub_protocol.kinds.fields import check_ascending, filled, trimmed
from holub_protocol.message import BodyError

INCIDENT_BYTES = 8
"""An incident is named by the first 8 bytes of its start's id. A desk that wants two starts to
share a name needs 2^32 tries, and gains only that it clears its own alert."""

AREAS_MAX = 163
"""Areas beside the header's: every oblast and raion of Ukraine in one message."""

INCIDENTS_MAX = 64
"""Incidents that one clear names: 576 bytes, which leaves room for areas within 1 KiB. On the
worst day on record 73 alerts were on at once in the whole country, most of other areas."""

GUIDANCE_MAX = 16
"""Guidance codes in one alert: nobody follows more than a few sentences."""

HAZARD_MAX = 1023
_GUIDANCE_CODE_MAX = 1023
_AREA_MAX = _DETAIL_MAX = 2**32 - 1
_LANGUAGES_MAX = 8
_TEXT_BYTES_MAX = 1024
_CAP_HASH_BYTES = 32
_FIELDS_MIN = 3
_DEFAULTS: tuple[Value, ...] = (0, (), 0, (), 0, (), 0, (), b"")


class Verb(IntEnum):
    """What an alert does. CLEAR says that the danger is over, WITHDRAW that there was none."""

    START = 0
    UPDATE = 1
    CLEAR = 2
    WITHDRAW = 3
    TEST = 4


class Certainty(IntEnum):
    """How sure the issuer is: the five values of OASIS CAP 1.2, in rising order."""

    UNKNOWN = 0
    UNLIKELY = 1
    POSSIBLE = 2
    LIKELY = 3
    OBSERVED = 4


_VERBS, _CERTAINTIES = tuple(Verb), tuple(Certainty)

# Fewest and most incidents that a verb names. A start with one joins an incident that another
# desk has started.
_INCIDENTS: dict[Verb, tuple[int, int]] = {
    Verb.START: (0, 1),
    Verb.UPDATE: (1, 1),
    Verb.CLEAR: (1, INCIDENTS_MAX),
    Verb.WITHDRAW: (1, INCIDENTS_MAX),
    Verb.TEST: (0, 0),
}


@dataclass(frozen=True, slots=True)
class AlertBody:
    """`[verb, areas, hazard, incidents, detail, guidance, certainty, texts, cap_hash]`.

    `areas` are region ids beside the header's, ascending; `incidents` are 8-byte names,
    ascending; `guidance` codes come in the order in which people should read them; `texts` are
    pairs (language, text), ascending by language; `cap_hash` is the BLAKE2b-256 of the CAP
    document that a gateway saw, or empty. Fields at the end that hold their default are not
    sent. Raises BodyError naming the field.
    """

    verb: Verb
    areas: tuple[int, ...]
    hazard: int
    incidents: tuple[bytes, ...] = ()
    detail: int = 0
    guidance: tuple[int, ...] = ()
    certainty: Certainty = Certainty.UNKNOWN
    texts: tuple[tuple[str, str], ...] = ()
    cap_hash: bytes = b""

    def __post_init__(self) -> None:
        """Hold a body that is composed here to the rules for one that arrives."""
        check_ascending("alert areas", self.areas, AREAS_MAX)
        check_ascending("alert incidents", self.incidents, INCIDENTS_MAX)
        languages = tuple(language for language, _ in self.texts)
        check_ascending("alert texts", languages, _LANGUAGES_MAX)
        fewest, most = _INCIDENTS[self.verb]
        if not fewest <= len(self.incidents) <= most:
            raise BodyError(
                f"alert incidents: {self.verb.name.lower()} names {fewest} to {most}, "
                f"not {len(self.incidents)}"
            )
        if len(set(self.guidance)) != len(self.guidance) or len(self.guidance) > GUIDANCE_MAX:
            raise BodyError(f"alert guidance: {self.guidance} repeats, or over {GUIDANCE_MAX}")
        if len(self.cap_hash) not in (0, _CAP_HASH_BYTES):
            raise BodyError(f"alert cap_hash: {len(self.cap_hash)} bytes, not 0 or 32")

    @property
    def ends(self) -> bool:
        """Whether it says that something is over, or never was."""
        return self.verb in (Verb.CLEAR, Verb.WITHDRAW)

    @classmethod
    def from_wire(cls, fields: tuple[Value, ...]) -> "AlertBody":
        """Read the fields; raises BodyError for anything but their one accepted form."""
        full = filled("alert", fields, _FIELDS_MIN, _DEFAULTS)
        verb, areas, hazard, incidents, detail, guidance, certainty, texts, cap_hash = full
        try:
            body = cls(
                verb=_VERBS[as_int(verb, 0, Verb.TEST)],
                areas=tuple(as_int(area, 1, _AREA_MAX) for area in as_tuple(areas)),
                hazard=as_int(hazard, 1, HAZARD_MAX),
                incidents=tuple(
                    as_bytes(name, INCIDENT_BYTES, INCIDENT_BYTES) for name in as_tuple(incidents)
                ),
                detail=as_int(detail, 0, _DETAIL_MAX),
                guidance=tuple(as_int(code, 0, _GUIDANCE_CODE_MAX) for code in as_tuple(guidance)),
                certainty=_CERTAINTIES[as_int(certainty, 0, Certainty.OBSERVED)],
                texts=tuple(_text(pair) for pair in as_tuple(texts)),
                cap_hash=as_bytes(cap_hash, 0, _CAP_HASH_BYTES),
            )
        except CborError as error:
            raise BodyError(f"alert: {error}") from None
        if body.to_wire() != fields:
            raise BodyError("alert: a default at the end is left out, not sent")
        return body

    def to_wire(self) -> tuple[Value, ...]:
        """Return the fields in their one accepted form."""
        fields: tuple[Value, ...] = (
            int(self.verb),
            self.areas,
            self.hazard,
            self.incidents,
            self.detail,
            self.guidance,
            int(self.certainty),
            self.texts,
            self.cap_hash,
        )
        return trimmed(fields, _FIELDS_MIN, _DEFAULTS)

    def all_areas(self, header_area: int) -> tuple[int, ...]:
        """Return the areas it speaks of, ascending: the header's and its own."""
        return tuple(sorted({header_area, *self.areas}))

    def incident(self, message_id: bytes) -> bytes:
        """Return the name of what it speaks of, given its own message's id: the first that it
        names; one that names none begins another."""
        return self.incidents[0] if self.incidents else message_id[:INCIDENT_BYTES]


def _text(value: Value) -> tuple[str, str]:
    pair = as_tuple(value)
    if len(pair) != 2:
        raise BodyError("alert texts: not pairs of language and text")
    language = as_text(pair[0], _TEXT_BYTES_MAX)
    text = as_text(pair[1], _TEXT_BYTES_MAX)
    if not (len(language) == 2 and language.isascii() and language.islower()):
        raise BodyError(f"alert texts: {language[:8]!r} is not a language of two letters")
    if not text:
        raise BodyError(f"alert texts: the text in {language} is empty")
    return language, text
