"""The region tree: who is above whom, and what a region is called.

A region is an int, for Ukraine the last five digits of its KATOTTG code; 0 is everywhere, the
root above all. Names are for people and never keys: raions get renamed. The charter names the
registry by its digest, so that another country brings its own file.
"""

import csv
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from pathlib import Path

EVERYWHERE = 0
"""The area above all others: what is said there is said of every place."""

AREA_MAX = 2**32 - 1

_COLUMNS = ["id", "parent", "category", "name_uk", "name_en"]
_ON_BOARDS = ("O", "K", "P")
_LEVELS_MAX = 8
_ROOT_NAME = {"uk": "Уся територія", "en": "Everywhere"}
_UNKNOWN_NAME = {"uk": "територія {}", "en": "area {}"}
_OWN_FORM = ("Автономна Республіка Крим", "Autonomous Republic of Crimea")
_FORMS: Mapping[str, Mapping[str, str]] = {
    "O": {"uk": "{} область", "en": "{} oblast"},
    "K": {"uk": "місто {}", "en": "{} city"},
    "P": {"uk": "{} район", "en": "{} raion"},
    "H": {"uk": "{} громада", "en": "{} hromada"},
    "B": {"uk": "{} район міста", "en": "{} city district"},
}


class AreaError(ValueError):
    """A registry that is not a tree of regions; the text names the line and the value."""


class AreaTree:
    """An immutable registry of regions. `digest` is the BLAKE2b-256 of the file's bytes;
    `board_order` gives the region of each bit of a board's bitmap: the oblasts, cities with
    special status and raions in ascending id."""

    __slots__ = ("_ancestors", "_children", "_rows", "board_order", "digest")

    def __init__(self, rows: Mapping[int, tuple[int, str, str, str]], digest: bytes) -> None:
        """Take rows id -> (parent, category, name_uk, name_en); raises AreaError."""
        self._rows = dict(rows)
        self._ancestors = {area: _climb(rows, area) for area in rows}
        children: dict[int, list[int]] = {EVERYWHERE: []}
        for area in sorted(rows):
            children.setdefault(rows[area][0], []).append(area)
        self._children = {area: tuple(below) for area, below in children.items()}
        self.board_order = tuple(a for a in sorted(rows) if rows[a][1] in _ON_BOARDS)
        self.digest = digest

    @classmethod
    def parse(cls, csv_text: str) -> "AreaTree":
        """Read the file's text (columns id, parent, category, name_uk, name_en; parent 0: none).

        Raises AreaError naming the line and the value.
        """
        reader = csv.reader(csv_text.splitlines())
        if (header := next(reader, [])) != _COLUMNS:
            raise AreaError(f"line 1: the columns are {header}, not {_COLUMNS}")
        rows: dict[int, tuple[int, str, str, str]] = {}
        for line, fields in enumerate(reader, 2):
            if len(fields) != len(_COLUMNS):
                raise AreaError(f"line {line}: {len(fields)} columns, not {len(_COLUMNS)}")
            area, parent = _id(line, "id", fields[0], 1), _id(line, "parent", fields[1], 0)
            if area in rows:
                raise AreaError(f"line {line}: the id {area} stands twice")
            if not all(fields[2:]):
                raise AreaError(f"line {line}: region {area} has no category or no name")
            rows[area] = (parent, fields[2], fields[3], fields[4])
        return cls(rows, blake2b(csv_text.encode(), digest_size=32).digest())

    def __contains__(self, area: object) -> bool:
        """Whether the registry knows the region; it always knows 0."""
        return area == EVERYWHERE or area in self._rows

    def __iter__(self) -> Iterator[int]:
        """Every region but 0, in the file's order."""
        return iter(self._rows)

    def __len__(self) -> int:
        """Number of regions, 0 not counted."""
        return len(self._rows)

    def name(self, area: int, lang: str) -> str:
        """Return the full form people use, in Ukrainian for "uk", else in English; a region that
        the registry does not know is called by its number."""
        lang = "uk" if lang == "uk" else "en"
        if area == EVERYWHERE:
            return _ROOT_NAME[lang]
        if (row := self._rows.get(area)) is None:
            return _UNKNOWN_NAME[lang].format(area)
        _, category, name_uk, name_en = row
        name = name_uk if lang == "uk" else name_en
        form = _FORMS.get(category)
        return name if form is None or name in _OWN_FORM else form[lang].format(name)

    def category(self, area: int) -> str:
        """Return the category's letter; empty for 0 and for unknown regions."""
        row = self._rows.get(area)
        return row[1] if row else ""

    def parent(self, area: int) -> int:
        """Return the region above; 0 for the topmost, for 0 itself and for unknown regions."""
        row = self._rows.get(area)
        return row[0] if row else EVERYWHERE

    def ancestors(self, area: int) -> tuple[int, ...]:
        """Return the regions above, nearest first, ending with 0; none are above 0."""
        if area == EVERYWHERE:
            return ()
        return self._ancestors.get(area, (EVERYWHERE,))

    def children(self, area: int) -> tuple[int, ...]:
        """Return the regions directly below, ascending."""
        return self._children.get(area, ())

    def covers(self, scope: int, area: int) -> bool:
        """Whether `area` is `scope` or lies in it. A region that the registry does not know is
        covered by 0 alone, so no grant for it can be made up."""
        if scope == EVERYWHERE:
            return True
        above = self._ancestors.get(area)
        return above is not None and (scope == area or scope in above)

    def related(self, a: int, b: int) -> bool:
        """Whether one of the two covers the other."""
        return self.covers(a, b) or self.covers(b, a)

    def find(self, text: str) -> tuple[int, ...]:
        """Return the regions whose name in either language contains `text`, whatever its case,
        the highest first: for "did you mean"."""
        wanted = text.strip().casefold()
        found = [
            area
            for area in self._rows
            if wanted and any(wanted in self.name(area, lang).casefold() for lang in ("uk", "en"))
        ]
        return tuple(sorted(found, key=lambda area: (len(self._ancestors[area]), area)))


def ukraine() -> AreaTree:
    """Return the registry of Ukraine that is packaged with the library (see data/SOURCES.md).

    It is read by its path: importlib.resources would bring in `random`. Takes some 10 ms, so
    keep the tree.
    """
    path = Path(__file__).with_name("data") / "areas-ua.csv"
    return AreaTree.parse(path.read_bytes().decode())


def _id(line: int, column: str, text: str, low: int) -> int:
    if not (text.isascii() and text.isdigit() and low <= int(text) <= AREA_MAX):
        raise AreaError(f"line {line}: the {column} {text!r} is not a number from {low}")
    return int(text)


def _climb(rows: Mapping[int, tuple[int, str, str, str]], area: int) -> tuple[int, ...]:
    above: list[int] = []
    parent = rows[area][0]
    while parent != EVERYWHERE:
        if parent not in rows:
            raise AreaError(f"region {area}: its ancestor {parent} is not in the registry")
        if len(above) == _LEVELS_MAX:
            raise AreaError(f"region {area}: over {_LEVELS_MAX} levels, or it is above itself")
        above.append(parent)
        parent = rows[parent][0]
    return (*above, EVERYWHERE)
