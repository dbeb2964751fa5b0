"""Hazards, guidance and verbs: the codes on the wire, and the words a node shows for them.

Numbers up to 127 are those of the Common Alert Message Format (CAMF, the table of hazards and
list A of its guidance), so that a gateway to satellite warnings translates nothing; own numbers
start at 200. All wording is our own: short, plain, one thing to do at a time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from holub_protocol.kinds.alert import Verb


@dataclass(frozen=True, slots=True)
class Text:
    """The same words in Ukrainian and in English."""

    uk: str
    en: str

    def say(self, lang: str) -> str:
        """Return the Ukrainian words for "uk", else the English ones."""
        return self.uk if lang == "uk" else self.en


@dataclass(frozen=True, slots=True)
class Hazard:
    """One row. A higher `severity` is shown before a lower one; `dangerous` hazards need two
    issuers, since a false one costs lives in the panic."""

    number: int
    token: str
    name: Text
    guidance: Text
    severity: int
    dangerous: bool = False


_SHELTER = Text(
    "Негайно йдіть в укриття. Немає укриття: сховайтеся за двома стінами, далі від вікон.",
    "Go to a shelter now. No shelter: get behind two walls, away from windows.",
)
_NO_TIME = Text(
    "Ховайтеся негайно: часу майже немає. Тримайтеся далі від вікон, ляжте на підлогу.",
    "Take cover at once: there is almost no time. Keep away from windows, lie on the floor.",
)
_OTHER = Text(
    "Будьте обережні. Стежте за повідомленнями влади.",
    "Be careful. Follow what the authorities say.",
)

_ROWS: tuple[Hazard, ...] = (
    Hazard(1, "air-raid", Text("Повітряна тривога", "Air raid alert"), _SHELTER, 65),
    Hazard(8, "missile", Text("Ракетна небезпека", "Missile threat"), _SHELTER, 80),
    Hazard(200, "ballistic", Text("Загроза балістики", "Ballistic missile threat"), _NO_TIME, 90),
    Hazard(201, "drone", Text("Загроза ударних дронів", "Attack drone threat"), _SHELTER, 70),
    Hazard(202, "artillery", Text("Загроза артобстрілу", "Artillery threat"), _NO_TIME, 75),
    Hazard(
        203,
        "street-fighting",
        Text("Вуличні бої", "Street fighting"),
        Text(
            "Не виходьте на вулицю. Спустіться в підвал. Не підходьте до вікон.",
            "Do not go outside. Go down to the cellar. Keep away from windows.",
        ),
        78,
    ),
    Hazard(
        5,
        "chemical",
        Text("Хімічна небезпека", "Chemical hazard"),
        Text(
            "Зачиніть вікна, двері й вентиляцію. Дихайте крізь вологу тканину. Підніміться "
            "на верхні поверхи.",
            "Close windows, doors and vents. Breathe through a wet cloth. Go to an upper floor.",
        ),
        85,
        dangerous=True,
    ),
    Hazard(
        9,
        "nuclear",
        Text("Радіаційна небезпека", "Radiation hazard"),
        Text(
            "Зайдіть у приміщення. Зачиніть вікна й двері. Зніміть верхній одяг, умийтеся. "
            "Пийте лише закриту воду.",
            "Go indoors. Close windows and doors. Take off outer clothes, wash. Drink only "
            "sealed water.",
        ),
        100,
        dangerous=True,
    ),
    Hazard(
        68,
        "flood",
        Text("Повінь", "Flood"),
        Text(
            "Підніміться на височину або верхні поверхи. Не йдіть і не їдьте крізь воду.",
            "Go to high ground or an upper floor. Do not walk or drive through water.",
        ),
        50,
    ),
    Hazard(
        24,
        "fire",
        Text("Пожежа", "Fire"),
        Text(
            "Відійдіть від вогню й диму. Пригніться, закрийте рот і ніс. Не користуйтеся ліфтом.",
            "Get away from fire and smoke. Stay low, cover mouth and nose. Do not use lifts.",
        ),
        55,
    ),
    Hazard(
        58,
        "power-outage",
        Text("Відключення світла", "Power outage"),
        Text(
            "Вимкніть прилади з розеток. Бережіть заряд телефона. Запасіться водою.",
            "Unplug appliances. Save your phone's battery. Store some water.",
        ),
        20,
    ),
    Hazard(
        204,
        "water-outage",
        Text("Відключення води", "Water outage"),
        Text(
            "Бережіть запас води. Воду з-під крана після ввімкнення кип’ятіть.",
            "Save the water you have. Boil tap water when it is back.",
        ),
        22,
    ),
    Hazard(
        205,
        "curfew",
        Text("Комендантська година", "Curfew"),
        Text(
            "Залишайтеся вдома. На вулицю лише в укриття. Майте при собі документи.",
            "Stay at home. Go out only to a shelter. Keep your papers with you.",
        ),
        15,
    ),
    Hazard(
        206,
        "evacuation",
        Text("Евакуація", "Evacuation"),
        Text(
            "Візьміть документи, ліки, воду, теплі речі. Ідіть до місця збору.",
            "Take papers, medicine, water, warm clothes. Go to the meeting point.",
        ),
        60,
    ),
    Hazard(207, "other", Text("Небезпека", "Danger"), _OTHER, 10),
)

_GUIDANCE: Mapping[int, Text] = MappingProxyType(
    {
        1: Text("Негайно залиште це місце.", "Leave this place at once."),
        3: Text("Зайдіть у будівлю й не виходьте.", "Go into a building and stay there."),
        4: Text("Спустіться в підвал або на нижні поверхи.", "Go to a cellar or a low floor."),
        7: Text(
            "Просто неба: ляжте долілиць, закрийте голову руками.",
            "In the open: lie face down, cover your head with your hands.",
        ),
        8: Text(
            "Зберіть документи й найнеобхідніше, чекайте на вказівку виїжджати.",
            "Pack papers and essentials, wait for the word to leave.",
        ),
        9: Text(
            "Перевірте запаси води, їжі, ліків, батарейок.",
            "Check your water, food, medicine and batteries.",
        ),
        10: Text("Тримайтеся далі від вікон.", "Keep away from windows."),
        11: Text("Використовуйте якнайменше електрики.", "Use as little power as you can."),
        12: Text("Використовуйте якнайменше води.", "Use as little water as you can."),
        13: Text("Кип’ятіть воду.", "Boil your water."),
        15: Text("Не пийте воду з-під крана.", "Do not drink tap water."),
        16: Text(
            "Чути газ: жодного вогню, вийдіть надвір.", "Smell of gas: no flames, go outside."
        ),
        18: Text(
            "Не торкайтеся підозрілих предметів та уламків.",
            "Do not touch suspicious objects or debris.",
        ),
        19: Text("Не заходьте в дим.", "Do not go into smoke."),
        20: Text(
            "Не спускайтеся в підвали й підземні паркінги.",
            "Do not go into cellars or underground car parks.",
        ),
        23: Text("Не їдьте автомобілем.", "Do not drive."),
        27: Text("Не наближайтеся до небезпечного місця.", "Keep away from the danger area."),
        28: Text("Не виходьте без потреби.", "Do not go out without need."),
        200: Text(
            "Сховайтеся за двома стінами від вулиці.", "Put two walls between you and the street."
        ),
        201: Text("Залишайтеся в укритті до відбою.", "Stay in the shelter until the all-clear."),
    }
)

_VERBS: Mapping[Verb, Text] = MappingProxyType(
    {
        Verb.START: Text("Тривога", "Alert"),
        Verb.UPDATE: Text("Уточнення", "Update"),
        Verb.CLEAR: Text("Відбій", "All clear"),
        Verb.WITHDRAW: Text("Помилкова тривога: скасовано", "False alert: withdrawn"),
        Verb.TEST: Text("Перевірка, не справжня тривога", "Test, not a real alert"),
    }
)

# A number of a newer table: above outages, so that what we can't name is not hidden below them.
_UNKNOWN = (Text("Небезпека", "Danger"), _OTHER, 40)
_BY_NUMBER: Mapping[int, Hazard] = MappingProxyType({row.number: row for row in _ROWS})
_BY_TOKEN: Mapping[str, Hazard] = MappingProxyType({row.token: row for row in _ROWS})


def all_hazards() -> Iterator[Hazard]:
    """Every hazard of the table, in its order."""
    return iter(_ROWS)


def hazard(number: int) -> Hazard:
    """Return the row of a number; one that this table does not know gets a general text."""
    known = _BY_NUMBER.get(number)
    return known or Hazard(number, f"hazard-{number}", *_UNKNOWN)


def hazard_named(token: str) -> Hazard:
    """Return the row of a token; raises ValueError that lists the tokens there are."""
    if token not in _BY_TOKEN:
        raise ValueError(f"no hazard is called {token!r}; there are: {', '.join(_BY_TOKEN)}")
    return _BY_TOKEN[token]


def guidance(code: int) -> Text | None:
    """Return the sentence of a guidance code, None for one that this table does not know."""
    return _GUIDANCE.get(code)


def verb_name(verb: Verb) -> Text:
    """Return what people call a verb."""
    return _VERBS[verb]
