"""Every sentence of the page in Ukrainian and in English, and how ages and times are written."""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from holub_protocol.hazards import Text
from holub_protocol.kinds.alert import Certainty
from holub_protocol.truth import Level
from holub_relay.clock import Doubt, Source

LANGUAGES = ("uk", "en")

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400
_ZONES = ("Europe/Kyiv", "Europe/Kiev")  # the older name, for zone tables from before 2022

LEVELS: Mapping[Level, Text] = MappingProxyType(
    {
        Level.ALERT: Text("Тривога", "Alert"),
        Level.PARTLY: Text("Тривога на частині території", "Alert in part of this area"),
        Level.UNKNOWN: Text("Невідомо", "Unknown"),
        Level.CLEAR: Text("Тривоги немає", "No alert"),
    }
)

CERTAINTIES: Mapping[Certainty, Text] = MappingProxyType(
    {
        Certainty.UNLIKELY: Text("не підтверджено, малоймовірно", "unconfirmed, unlikely"),
        Certainty.POSSIBLE: Text("не підтверджено, можливо", "unconfirmed, possible"),
        Certainty.LIKELY: Text("ймовірно", "likely"),
        Certainty.OBSERVED: Text("підтверджено", "observed"),
    }
)

ALARMS: Mapping[str, Text] = MappingProxyType(
    {
        "charter-forked": Text(
            "Увага: є дві суперечливі хартії спільноти. Цей вузол не йде за жодною; "
            "скажіть тому, хто його доглядає.",
            "Warning: two charters of this realm compete. This box follows neither; tell whoever "
            "looks after it.",
        ),
        "duplicate-key": Text(
            "Увага: ключ вузла бачили на двох машинах. Скажіть тому, хто доглядає цей вузол.",
            "Warning: a relay's key was met on two machines. Tell whoever looks after this box.",
        ),
    }
)

_TEXTS: Mapping[str, Text] = MappingProxyType(
    {
        "title": Text("Голуб: тривоги", "Holub: alerts"),
        "home": Text("← На головну", "← Main page"),
        "other": Text("English", "Українська"),
        "demo": Text(
            "ДЕМО: навчальна спільнота. Усе тут — не справжнє.",
            "DEMO realm: for trying out. Nothing here is real.",
        ),
        "since": Text("з", "since"),
        "now": Text("Станом на", "As of"),
        "at_least": Text("щонайменше", "at least"),
        "as_of": Text("За зведенням, складеним", "By the board signed"),
        "ago": Text("тому", "ago"),
        "due": Text("наступне — до", "next due by"),
        "overdue": Text("Наступне зведення запізнюється.", "The next board is late."),
        "last_word": Text("Останнє слово —", "Last word:"),
        "no_word": Text("Сюди ще не дійшло жодного слова.", "No word has reached this box yet."),
        "not_clear": Text(
            "Це не відбій. Слухайте сирени й радіо; якщо сумніваєтеся, залишайтеся в укритті.",
            "This is not an all-clear. Listen to sirens and radio; if in doubt, stay in shelter.",
        ),
        "do": Text("Що робити", "What to do"),
        "says": Text("Повідомлення органу", "The authority's message"),
        "withdrawn": Text("Помилкова тривога: скасовано", "False alert: withdrawn"),
        "stale": Text("Відбою не було", "Not ended"),
        "stale_note": Text(
            "Строк цих повідомлень минув або їх поставлено під сумнів. Це не відбій.",
            "These messages have run out or are in doubt. That is not an all-clear.",
        ),
        "active": Text("Тривоги зараз", "Alerts now"),
        "none": Text("Про жодну тривогу не відомо.", "No alert is known of."),
        "more": Text("Усі тривоги", "All alerts"),
        "tests": Text("Перевірки зв’язку", "Tests"),
        "test_note": Text("Перевірка, не справжня тривога.", "A test, not a real alert."),
        "future": Text(
            "час видачі попереду годинника цього вузла", "issued ahead of this box's clock"
        ),
        "unconfirmed": Text(
            "не підтверджено другим органом", "not confirmed by a second authority"
        ),
        "removal": Text(
            "відбій оголошено; чекає на підтвердження другого органу, тривога триває",
            "an all-clear is announced; it waits for a second authority, the alert stays on",
        ),
        "trust_as_of": Text("Перелік довіри — станом на", "Trust list as of"),
        "trust_none": Text(
            "Переліку довіри ще ніхто не засвідчив.", "Nobody has vouched for the trust list yet."
        ),
        "trust_late": Text("Нове засвідчення запізнюється.", "Its next confirmation is late."),
        "withheld": Text(
            "Увага: до цього вузла дійшли не всі відкликання ключів.",
            "Warning: not all revocations of keys have reached this box.",
        ),
        "node": Text("Про цей вузол", "About this box"),
        "realm": Text("Спільнота", "Realm"),
        "page_at": Text("Сторінку складено", "Page made"),
        "neighbours": Text("Сусідів на зв’язку", "Neighbours linked"),
        "clockless": Text(
            "Годинник: час невідомий. Вік повідомлень — щонайменше вказаний.",
            "Clock unknown: ages are at least what is shown.",
        ),
        "trust": Text(
            "Показано лише підписане органами цієї спільноти; назви органів — з її статуту. "
            "Не замінює сирен.",
            "Only what this realm's authorities signed is shown, under the names in its charter. "
            "It does not replace sirens.",
        ),
        "sound": Text("Увімкнути звук", "Turn sound on"),
        "sounding": Text("Звук увімкнено", "Sound is on"),
        "lost": Text(
            "Немає зв’язку з вузлом. Те, що нижче, могло змінитися.",
            "No contact with the box. What is below may have changed.",
        ),
        "missing": Text("Такої сторінки немає", "There is no such page"),
        "missing_note": Text(
            "Номер території — останні п’ять цифр коду КАТОТТГ.",
            "An area's number is the last five digits of its KATOTTG code.",
        ),
    }
)

CLOCK_BY: Mapping[Source, Text] = MappingProxyType(
    {
        Source.HOST: Text(
            "Годинник: зі слова оператора, не перевірено.",
            "Clock: declared by the operator, not verified.",
        ),
        Source.OPERATOR: Text(
            "Годинник: підтверджено оператором.", "Clock: confirmed by the operator."
        ),
        Source.NTP: Text(
            "Годинник: час із мережі, збігається з підписами органів.",
            "Clock: network time, in agreement with what the authorities signed.",
        ),
    }
)
"""What is said of a clock that is reliable only by somebody's word."""

CLOCK_DOUBTS: Mapping[Doubt, Text] = MappingProxyType(
    {
        Doubt.BEHIND: Text(
            "Годинник відстає від підписів органів.", "It is behind what the authorities signed."
        ),
        Doubt.AHEAD: Text(
            "Годинник далеко попереду всіх підписів.", "It is far ahead of all that was signed."
        ),
        Doubt.STEPPED: Text("Годинник переставлено.", "It was set to another time."),
    }
)
"""What speaks against a clock."""

_UNITS = Text("менше хвилини|хв|год|дн", "under a minute|min|h|d")
_UNITS_AT_LEAST = Text("0 хв|хв|год|дн", "0 min|min|h|d")


def texts(lang: str) -> Mapping[str, str]:
    """Return every sentence in one language, by the name that templates use."""
    return {name: text.say(lang) for name, text in _TEXTS.items()}


def age_units(lang: str, reliable: bool) -> str:
    """Return what ages are written in, for the script too: the words for no age at all, then
    minutes, hours and days, joined by `|`. Without a reliable clock "at least" goes before."""
    return (_UNITS if reliable else _UNITS_AT_LEAST).say(lang)


def age_text(age_s: int, units: str) -> str:
    """Write an age in its two largest units: "12 хв", "1 год 5 хв", "3 дн 4 год".

    The script of the page (templates/page.js) writes the same, so that ages go on by themselves.
    """
    now, minute, hour, day = units.split("|")
    if age_s < _MINUTE_S:
        return now
    for unit_s, unit, next_s, below in (
        (_DAY_S, day, _HOUR_S, hour),
        (_HOUR_S, hour, _MINUTE_S, minute),
    ):
        if age_s >= unit_s:
            rest = age_s % unit_s // next_s
            return f"{age_s // unit_s} {unit}" + (f" {rest} {below}" if rest else "")
    return f"{age_s // _MINUTE_S} {minute}"


def local_zone() -> tuple[tzinfo, str]:
    """Return Kyiv's time zone and no label, or UTC and the label that then must be shown."""
    for name in _ZONES:
        try:
            return ZoneInfo(name), ""
        except (ZoneInfoNotFoundError, OSError):
            continue
    return UTC, " UTC"


class Clockface:
    """Writes Unix seconds as people read them: hours and minutes, the day where it is another."""

    def __init__(self, zone: tzinfo, label: str = "") -> None:
        """Write in `zone`; `label` follows each time."""
        self._zone, self._label = zone, label

    def text(self, second: int, today_s: int | None) -> str:
        """Return "12:05", or "24.08.2022 12:05" if that is not the day of `today_s` (None: the
        day is not known)."""
        moment = self._local(second)
        plain = today_s is not None and moment.date() == self._local(today_s).date()
        return moment.strftime("%H:%M" if plain else "%d.%m.%Y %H:%M") + self._label

    def _local(self, second: int) -> datetime:
        return datetime.fromtimestamp(second, self._zone)
