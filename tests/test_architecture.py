"""The page on architecture held against the code: every module has its layer, and keeps to it."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
LIBRARY = ("crypto/holub_crypto", "protocol/holub_protocol")


def layers() -> list[tuple[Path, ...]]:
    """Return the modules of each row of the table, the first row first."""
    found = []
    for cell in re.findall(r"^\| [^|]+ \| `((?:crypto|protocol)/[^`]+)` \|", PAGE, re.M):
        braces = re.fullmatch(r"(.*)\{(.*)\}(.*)", cell)
        paths = [f"{braces[1]}{n}{braces[3]}" for n in braces[2].split(",")] if braces else [cell]
        modules: list[Path] = []
        for path in paths:
            place = ROOT / path
            modules += sorted(place.glob("*.py")) if place.is_dir() else [place]
        found.append(tuple(modules))
    return found


def imported(module: Path) -> set[Path]:
    """Return the modules of the library that a module imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    found = set()
    for name in names:
        folder, _, rest = name.partition(".")
        base = ROOT / folder.removeprefix("holub_") / folder / rest.replace(".", "/")
        found |= {path for path in (base.with_suffix(".py"), base / "__init__.py")
                  if path.is_file()}  # fmt: skip
    return {path for path in found if rest_of(path)}


def rest_of(path: Path) -> bool:
    """Whether a file is a module of its own and not the package's `__init__.py`."""
    return not (path.name == "__init__.py" and path.parent.name.startswith("holub_"))


def test_every_module_has_one_layer() -> None:
    """The table names each module of both libraries, each once."""
    listed = [module for layer in layers() for module in layer]
    there = [path for folder in LIBRARY for path in (ROOT / folder).rglob("*.py") if rest_of(path)]
    assert len(set(listed)) == len(listed)
    missing = sorted(path.relative_to(ROOT).as_posix() for path in set(there) - set(listed))
    assert not missing, f"docs/architecture.md has no layer for {missing}"
    assert set(listed) <= set(there)


def test_layers_use_only_those_above() -> None:
    """No module imports one of a layer further down."""
    place = {module: number for number, layer in enumerate(layers()) for module in layer}
    found = [
        f"{module.relative_to(ROOT)} (layer {place[module]}) imports {other.relative_to(ROOT)}"
        for module in place
        for other in sorted(imported(module))
        if place.get(other, 0) > place[module]
    ]
    assert not found, "\n".join(found)


def test_imports_are_seen() -> None:
    """The node imports half the library, so an empty answer would be a broken test."""
    names = {path.stem for path in imported(ROOT / LIBRARY[1] / "node.py")}
    assert {"admit", "holdings", "session", "trust", "trusting"} <= names
