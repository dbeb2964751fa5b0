"""Where in a TOML file a key stands, for errors that name the line."""

import re

_HEADER = re.compile(r"\s*\[(\[)?\s*([\w.\"-]+)\s*\]?\]")
_KEY = re.compile(r"\s*([\w\"-]+(?:\.[\w\"-]+)*)\s*=\s*(.*)")
_PLACE = re.compile(r"([A-Za-z_][\w-]*(?:\[\d+\]|\.[\w-]+)*): ")


def placed(where: str, text: str, message: str) -> str:
    """Return `where:line: message`, with the line of the key that the message begins with, or of
    the nearest key around it; without a line where none is there."""
    match = _PLACE.match(message)
    line = line_of(text, match[1]) if match else None
    return f"{where}: {message}" if line is None else f"{where}:{line}: {message}"


def line_of(text: str, key: str) -> int | None:
    """Return the line, from 1 on, on which `key`, such as `desks[0].says[2].at`, stands, or that
    of the longest part of it that is found."""
    lines = _lines(text)
    while key:
        if key in lines:
            return lines[key]
        key = re.sub(r"(\[\d+\]|\.?[^.\[\]]+)$", "", key)
    return None


def _lines(text: str) -> dict[str, int]:
    """The line of each table, key and entry of an array that is written on lines of its own."""
    found: dict[str, int] = {}
    tables: dict[str, int] = {}
    table = array = ""
    entries = 0
    for number, line in enumerate(text.splitlines(), 1):
        if array:
            for _ in re.finditer(r"\{", line):
                found.setdefault(f"{array}[{entries}]", number)
                entries += 1
            if line.lstrip().startswith("]"):
                array = ""
        elif match := _HEADER.match(line):
            table = _table(match[2].replace('"', ""), bool(match[1]), tables)
            found.setdefault(table, number)
        elif match := _KEY.match(line):
            key = ".".join(filter(None, (table, match[1].replace('"', ""))))
            found.setdefault(key, number)
            if match[2].split("#")[0].strip() == "[":
                array, entries = key, 0
    return found


def _table(name: str, is_entry: bool, tables: dict[str, int]) -> str:
    """The full name of a table: an entry of an array of tables has a number."""
    head, _, rest = name.partition(".")
    if rest and head in tables:
        return f"{head}[{tables[head]}]." + _table(rest, is_entry, {})
    if not is_entry:
        return name
    tables[name] = tables.get(name, -1) + 1
    return f"{name}[{tables[name]}]"
