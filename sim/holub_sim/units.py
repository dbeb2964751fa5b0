"""Times and rates as people write them: 2h30m, 250ms, 64k, 1M."""

import re

_TIMES_US = {
    "d": 86_400_000_000,
    "h": 3_600_000_000,
    "m": 60_000_000,
    "s": 1_000_000,
    "ms": 1_000,
    "us": 1,
}
_RATES = {"": 1, "k": 1_000, "M": 1_000_000, "G": 1_000_000_000}
_PART = re.compile(r"(\d+)(ms|us|d|h|m|s)")
_RATE = re.compile(r"(\d+)([kMG]?)")


class Span:
    """A length of time, from a text such as "2h30m", "90s", "20ms". `us`: microseconds."""

    __slots__ = ("us",)

    def __init__(self, us: int) -> None:
        """From microseconds."""
        self.us = us

    @classmethod
    def parse(cls, text: object) -> "Span":
        """Raises ValueError naming the value and what was expected."""
        if not isinstance(text, str) or not re.fullmatch(f"({_PART.pattern})+", text):
            raise ValueError(f"{text!r} is no time; expected one such as '2h30m', '90s' or '20ms'")
        return cls(sum(int(number) * _TIMES_US[unit] for number, unit in _PART.findall(text)))

    def __str__(self) -> str:
        """Return the shortest text that `parse` reads as this."""
        text, rest = "", self.us
        for unit, us in _TIMES_US.items():
            count, rest = divmod(rest, us)
            text += f"{count}{unit}" if count else ""
        return text or "0s"

    def __repr__(self) -> str:
        """Return it for a person who debugs."""
        return f"Span({self})"

    def __eq__(self, other: object) -> bool:
        """Whether it is as long."""
        return isinstance(other, Span) and self.us == other.us

    def __hash__(self) -> int:
        """Return a number that equal lengths share."""
        return self.us


class Rate:
    """Bits a second, from a text such as "9600", "64k", "1M"."""

    __slots__ = ("bits_per_s",)

    def __init__(self, bits_per_s: int) -> None:
        """From bits a second."""
        self.bits_per_s = bits_per_s

    @classmethod
    def parse(cls, text: object) -> "Rate":
        """Raises ValueError naming the value and what was expected."""
        match = _RATE.fullmatch(text) if isinstance(text, str) else None
        rate = int(match[1]) * _RATES[match[2]] if match else 0
        if not rate:
            raise ValueError(
                f"{text!r} is no rate; expected bits a second such as '9600', '64k' or '100M'"
            )
        return cls(rate)

    def __str__(self) -> str:
        """Return a text that `parse` reads as this."""
        return str(self.bits_per_s)

    def __repr__(self) -> str:
        """Return it for a person who debugs."""
        return f"Rate({self})"

    def __eq__(self, other: object) -> bool:
        """Whether it is as fast."""
        return isinstance(other, Rate) and self.bits_per_s == other.bits_per_s

    def __hash__(self) -> int:
        """Return a number that equal rates share."""
        return self.bits_per_s
