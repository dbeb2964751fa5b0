"""Rules of the house that no linter knows; DEVELOPERS.md says why. Each prints what to change."""

import ast
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("crypto", "protocol", "relay", "sim")

FUNCTION_LINES = 60
MODULE_LINES = 600
LINE_CHARACTERS = 100

# Modules without a test file of their own, by file name, each with the reason.
UNTESTED = {
    "__main__.py": "two lines that call cli.main, which has its test",
}
TEXT = (".cfg", ".css", ".html", ".js", ".json", ".md", ".py", ".sh", ".toml", ".txt", ".yml")
SKIPPED_FOLDERS = ("__pycache__", "dist", "node_modules")

# Built from parts, so that this file does not hold what it looks for.
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" * 3]) + r")\b")
NOT_FOR_OTHERS = {
    re.compile(
        r"\b(pypi\.org|pythonhosted\.org|npmjs\.(org|com)|deb(ian)?\.debian\.org|crates\.io)\b"
    ): "names a package registry's host; name the package",
    re.compile(r"(?<![\w.*}~-])/(work|root|Users)/|(?<![\w.*}~-])/home/\w"): (
        "a path of one machine; write it relative to the checkout"
    ),
}


@cache
def files() -> tuple[Path, ...]:
    """Every text file of the project; what starts with a dot is a tool's, except `.ci`."""
    found: list[Path] = []
    for folder, names, entries in os.walk(ROOT):
        names[:] = sorted(
            name
            for name in names
            if (not name.startswith(".") or name == ".ci")
            and name not in SKIPPED_FOLDERS
            and not name.endswith(".egg-info")
        )
        for entry in sorted(entries):
            path = Path(folder) / entry
            if path.suffix in TEXT or path.parent.name in ("scripts", ".ci"):
                found.append(path)
    return tuple(found)


def name_of(path: Path) -> str:
    """The path as it is printed: relative to the checkout."""
    return path.relative_to(ROOT).as_posix()


def sources() -> list[Path]:
    """Every Python file, tests, examples and benchmarks included."""
    return [path for path in files() if path.suffix == ".py"]


def long_functions(source: str) -> Iterator[tuple[int, str]]:
    """Line and complaint for each function longer than FUNCTION_LINES, its docstring included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            length = node.end_lineno - node.lineno + 1
            if length > FUNCTION_LINES:
                yield node.lineno, f"{node.name} has {length} lines, at most {FUNCTION_LINES}"


def undocumented_tests(source: str) -> Iterator[tuple[int, str]]:
    """Line and complaint for each test function that does not say what it pins."""
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and node.name.startswith("test_")
            and not ast.get_docstring(node)
        ):
            yield node.lineno, f"{node.name} needs one sentence that says what it pins"


def module_state(source: str) -> Iterator[tuple[int, str]]:
    """Line and complaint for `global`, and for containers that start empty at module level."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield node.lineno, f"global {', '.join(node.names)}: keep state in an object"
    for statement in tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            value = statement.value
            empty_literal = (isinstance(value, ast.List | ast.Set) and not value.elts) or (
                isinstance(value, ast.Dict) and not value.keys
            )
            empty_call = (
                isinstance(value, ast.Call)
                and isinstance(value.func, ast.Name)
                and value.func.id in ("dict", "list", "set", "defaultdict", "deque", "bytearray")
            )
            if empty_literal or empty_call:
                yield statement.lineno, "a container at module level is shared by all nodes"


def needs_test(source: str) -> bool:
    """Whether a module holds behaviour: one that only binds names has nothing to test."""
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for node in ast.walk(ast.parse(source))
    )


def places_of_test(relative: Path) -> list[str]:
    """Where the test of `x/holub_x/sub/module.py` may be: flattened, or by its last name."""
    folder, _, *parts = relative.with_suffix("").parts
    if parts[-1] == "__init__":
        parts = parts[:-1] or [folder]
    flat = "_".join(part.strip("_") for part in parts)
    last = parts[-1].strip("_")
    return [f"tests/{folder}/test_{name}.py" for name in dict.fromkeys([flat, last])]


@cache
def commands() -> tuple[tuple[str, str], ...]:
    """(page, command) for each line that a reader is told to type in README and DEVELOPERS."""
    found: list[tuple[str, str]] = []
    for page in ("README.md", "DEVELOPERS.md"):
        text = (ROOT / page).read_text("utf-8")
        for block in re.findall(r"^```(?:sh|bash|console)\n(.*?)^```", text, re.S | re.M):
            for line in block.replace("\\\n", " ").splitlines():
                found.append((page, line.strip().removeprefix("$ ")))
    return tuple(found)


@cache
def help_of(words: tuple[str, ...]) -> tuple[int, str]:
    """Exit code and text of `holub WORDS --help`."""
    holub = Path(sys.executable).with_name("holub")
    run = subprocess.run([holub, *words, "--help"], capture_output=True, text=True, check=False)
    return run.returncode, run.stdout + run.stderr


def wrong_in(command: str) -> str | None:
    """What is wrong with a command line of ours; None if it can be typed, or is not ours."""
    words = shlex.split(re.split(r"[|><;&]", command)[0], comments=True)
    if words and words[0] == "sudo":
        del words[0]
    if not words:
        return None
    if words[0].startswith(("scripts/", ".ci/")):
        path = ROOT / words[0]
        return None if os.access(path, os.X_OK) else f"{words[0]} is not an executable file"
    if words[0].removeprefix(".venv/bin/") != "holub":
        return None
    # --help is eager: what stands beside it as an argument does not matter.
    status, text = help_of(tuple(word for word in words[1:] if not word.startswith("-")))
    if status:
        return text.strip().splitlines()[-1] if text.strip() else f"exit code {status}"
    options = [word.split("=")[0] for word in words[1:] if word.startswith("--")]
    unknown = [option for option in options if not re.search(rf"(?<!\S){option}\b", text)]
    return f"no option {', '.join(unknown)}" if unknown else None


def without_test(path: Path) -> str | None:
    """What to write for a module that should have a test file and has none, else None."""
    places = places_of_test(path.relative_to(ROOT))
    if path.name in UNTESTED or not needs_test(path.read_text("utf-8")):
        return None
    if any((ROOT / place).exists() for place in places):
        return None
    return f"{name_of(path)}: write {' or '.join(places)}"


def test_functions_are_short() -> None:
    """No function is longer than a screen."""
    found = [
        f"{name_of(path)}:{line}: {what}"
        for path in sources()
        for line, what in long_functions(path.read_text("utf-8"))
    ]
    assert not found, "\n".join(found)


def test_modules_are_short() -> None:
    """No module is longer than one sitting reads."""
    found = [
        f"{name_of(path)}: {count} lines, at most {MODULE_LINES}; split it by concept"
        for path in sources()
        if (count := len(path.read_text("utf-8").splitlines())) > MODULE_LINES
    ]
    assert not found, "\n".join(found)


def test_lines_are_short() -> None:
    """No line of code or of a script is wider than two files side by side on a screen."""
    found = [
        f"{name_of(path)}:{number}: {len(line)} characters, at most {LINE_CHARACTERS}"
        for path in files()
        if path.suffix in (".py", ".sh", "")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if len(line) > LINE_CHARACTERS
    ]
    assert not found, "\n".join(found)


def test_every_module_has_its_test_file() -> None:
    """A reader finds the tests of a module by its name."""
    found = [
        what
        for folder in PACKAGES
        for path in sorted((ROOT / folder).rglob("*.py"))
        if (what := without_test(path))
    ]
    assert not found, "\n".join(found)


def test_every_test_says_what_it_pins() -> None:
    """Every test function has a docstring."""
    found = [
        f"{name_of(path)}:{line}: {what}"
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for line, what in undocumented_tests(path.read_text("utf-8"))
    ]
    assert not found, "\n".join(found)


def test_modules_keep_no_state() -> None:
    """A thousand nodes live in one process: nothing is kept at module level."""
    found = [
        f"{name_of(path)}:{line}: {what}"
        for folder in PACKAGES
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line, what in module_state(path.read_text("utf-8"))
    ]
    assert not found, "\n".join(found)


def test_nothing_is_left_unfinished_or_private() -> None:
    """No mark of unfinished work, no registry's host name and no machine's path is in any file."""
    patterns = {UNFINISHED: "finish it, or file it", **NOT_FOR_OTHERS}
    found = [
        f"{name_of(path)}:{number}: {match.group()!r}: {what}"
        for path in files()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        for pattern, what in patterns.items()
        if (match := pattern.search(line))
    ]
    assert not found, "\n".join(found)


@pytest.mark.slow
def test_documented_commands_exist() -> None:
    """Every script, verb and option that README.md and DEVELOPERS.md tell one to type exists."""
    found = [
        f"{page}: {command}: {wrong}"
        for page, command in commands()
        if (wrong := wrong_in(command))
    ]
    assert commands()
    assert not found, "\n".join(found)


def test_documented_links_lead_somewhere() -> None:
    """Every relative link of a Markdown page names a file that exists."""
    found = [
        f"{name_of(path)}: {target}"
        for path in files()
        if path.suffix == ".md"
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text("utf-8"))
        if "://" not in target and not target.startswith("mailto:")
        if not (path.parent / target).exists()
    ]
    assert not found, "\n".join(found)


def test_scripts_are_executable_and_parse() -> None:
    """Every script can be started and has no syntax error."""
    scripts = [p for p in files() if p.parent.name in ("scripts", ".ci") and not p.suffix]
    assert scripts
    for path in scripts:
        assert os.access(path, os.X_OK), name_of(path)
        shell = path.read_text("utf-8").splitlines()[0].split("/")[-1].removeprefix("env ")
        subprocess.run([shell, "-n", str(path)], check=True)


@pytest.mark.parametrize(("ci", "wanted"), [("", "holub-dev 50"), ("true", "holub-ci 200")])
def test_hypothesis_never_replays(ci: str, wanted: str) -> None:
    """Our own profile is active with CI set and without: new inputs each run, no deadline."""
    program = (
        "import conftest; from hypothesis import settings as s; d = s.default;"
        "print(s.get_current_profile_name(), d.max_examples, d.derandomize, d.deadline,"
        " d.database is None, d.print_blob)"
    )
    environment = {k: v for k, v in os.environ.items() if k not in ("CI", "HOLUB_PROFILE")}
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT / "tests",
        env={**environment, "CI": ci} if ci else environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == f"{wanted} False None False True"


def test_hypothesis_profile_is_ours() -> None:
    """The profile of this very run is one of ours and does not derandomise."""
    active: Any = settings.default
    assert settings.get_current_profile_name().startswith("holub-")
    assert active.derandomize is False


def test_long_function_is_found() -> None:
    """One line over the bound is reported and the bound itself is not."""
    body = "    pass\n"
    assert not list(long_functions("def f():\n" + body * (FUNCTION_LINES - 1)))
    assert list(long_functions("def f():\n" + body * FUNCTION_LINES))


def test_undocumented_test_is_found() -> None:
    """Tests without a docstring are reported, also methods and async ones; helpers are not."""
    source = (
        "class A:\n    async def test_a(self): pass\ndef test_b():\n    'Pins.'\ndef c(): pass\n"
    )
    assert [line for line, _ in undocumented_tests(source)] == [2]


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("CACHE = {}", 1),
        ("seen: set[int] = set()", 1),
        ("n = 0\ndef f():\n    global n\n    n += 1", 1),
        ("TABLE = {1: 'a'}\nNAMES = ('a',)", 0),
        ("def f():\n    seen = []\n    return seen", 0),
    ],
)
def test_module_state_is_found(source: str, count: int) -> None:
    """Caches and globals are reported, tables and local variables are not."""
    assert len(list(module_state(source))) == count


@pytest.mark.parametrize(
    ("module", "places"),
    [
        ("protocol/holub_protocol/node.py", ["tests/protocol/test_node.py"]),
        (
            "protocol/holub_protocol/kinds/alert.py",
            ["tests/protocol/test_kinds_alert.py", "tests/protocol/test_alert.py"],
        ),
        ("protocol/holub_protocol/kinds/__init__.py", ["tests/protocol/test_kinds.py"]),
        ("relay/holub_relay/__init__.py", ["tests/relay/test_relay.py"]),
    ],
)
def test_place_of_a_test(module: str, places: list[str]) -> None:
    """A module of a sub-package may have its test under the flattened or the plain name."""
    assert places_of_test(Path(module)) == places


@pytest.mark.parametrize(
    ("text", "unwelcome"),
    [
        ("see /ro" + "ot/x", True),
        ("/ho" + "me/olena/x", True),
        ("from files.python" + "hosted.org", True),
        ("the folder relay/work/ and ~/home/x", False),
        ("${HOME}/x and https://example.org/", False),
    ],
)
def test_private_text_is_found(text: str, unwelcome: bool) -> None:
    """Machine paths and registry hosts are recognised, look-alikes are not."""
    assert any(pattern.search(text) for pattern in NOT_FOR_OTHERS) is unwelcome
