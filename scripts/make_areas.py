"""Build areas-ua.csv, the registry of regions, from a table of the codifier KATOTTG.

    python scripts/make_areas.py katottg_regions.csv protocol/holub_protocol/data/areas-ua.csv

The input has the columns id, code, parent_id, category and name_uk. The districts of a city have
the city as parent, which is no region of ours: they are put under its hromada, whose code begins
with the same nine characters. English names follow Cabinet resolution no. 55 of 2010-01-27.
"""

import csv
import re
import sys
from pathlib import Path

ARGUMENTS = 2
ANYWHERE = {
    "а": "a", "б": "b", "в": "v", "г": "h", "ґ": "g", "д": "d", "е": "e", "є": "ie", "ж": "zh",
    "з": "z", "и": "y", "і": "i", "ї": "i", "й": "i", "к": "k", "л": "l", "м": "m", "н": "n",
    "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts",
    "ч": "ch", "ш": "sh", "щ": "shch", "ю": "iu", "я": "ia", "ь": "", "’": "", "'": "",
    "зг": "zgh",
}  # fmt: skip
FIRST = {"є": "ye", "ї": "yi", "й": "y", "ю": "yu", "я": "ya"}
LETTERS = re.compile(r"зг|[а-щьюяєіїґ’']", re.IGNORECASE)
# The one unit whose own English name is settled and is not a transliteration.
SETTLED = {"Автономна Республіка Крим": "Autonomous Republic of Crimea"}


def transliterate(name: str) -> str:
    """Return the Latin form of a Ukrainian name; what is not a Ukrainian letter stays."""
    return LETTERS.sub(_latin, name)


def _latin(match: re.Match[str]) -> str:
    found, text = match.group(), match.string
    first = match.start() == 0 or text[match.start() - 1] in " -"
    low = found.lower()
    latin = FIRST[low] if first and low in FIRST else ANYWHERE[low]
    return latin.capitalize() if found[0].isupper() else latin


def make(source: Path, target: Path) -> int:
    """Write the registry, ascending by id; returns the number of regions."""
    with source.open(encoding="utf-8", newline="") as lines:
        rows = sorted(csv.DictReader(lines), key=lambda row: int(row["id"]))
    ids = {row["id"] for row in rows}
    hromadas = {row["code"][:9]: row["id"] for row in rows if row["category"] == "H"}
    with target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["id", "parent", "category", "name_uk", "name_en"])
        for row in rows:
            name = row["name_uk"]
            english = SETTLED.get(name) or transliterate(name)
            parent = row["parent_id"] or "0"
            if parent not in ids and parent != "0":
                parent = hromadas[row["code"][:9]]
            writer.writerow([row["id"], parent, row["category"], name, english])
    return len(rows)


if __name__ == "__main__":
    if len(sys.argv) != ARGUMENTS + 1:
        sys.exit("usage: make_areas.py INPUT.csv OUTPUT.csv")
    print(f"{make(Path(sys.argv[1]), Path(sys.argv[2]))} regions")
