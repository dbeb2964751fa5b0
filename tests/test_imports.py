"""Who may import whom, and what the library must never touch: clocks, sockets, entropy, threads.

`holub_crypto <- holub_protocol <- {holub_relay, holub_sim}`; relay and sim never import each
other. The same node runs in the daemon and, replayed from a seed, in the simulator: that holds
only while no call below the rim reads a clock or the system's entropy.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

MAY_IMPORT = {
    "crypto": ("holub_crypto",),
    "protocol": ("holub_crypto", "holub_protocol"),
    "relay": ("holub_crypto", "holub_protocol", "holub_relay"),
    "sim": ("holub_crypto", "holub_protocol", "holub_sim"),
}
LIBRARY = ("crypto", "protocol")
LIBRARY_DEPENDENCIES = ("cbor2", "nacl")

# What each needs instead. A name covers what is below it: `random` also `random.randrange`.
NO_CLOCK = "take `now` as an argument"
NO_ENTROPY = "take `entropy(n) -> bytes` as an argument"
NO_IO = "give bytes to the caller: sockets and files live in relay"
NO_THREADS = "stay synchronous: the driver decides what runs where"
NOT_BELOW_THE_RIM = {
    "time": NO_CLOCK,
    "datetime.datetime.now": NO_CLOCK,
    "datetime.datetime.utcnow": NO_CLOCK,
    "datetime.datetime.today": NO_CLOCK,
    "datetime.date.today": NO_CLOCK,
    "random": NO_ENTROPY,
    "secrets": NO_ENTROPY,
    "uuid": NO_ENTROPY,
    "os.urandom": NO_ENTROPY,
    "os.getrandom": NO_ENTROPY,
    "nacl.utils.random": NO_ENTROPY,
    "nacl.bindings.randombytes": NO_ENTROPY,
    "nacl.bindings.crypto_box_seal": NO_ENTROPY,
    "nacl.public.PrivateKey.generate": NO_ENTROPY,
    "nacl.signing.SigningKey.generate": NO_ENTROPY,
    "socket": NO_IO,
    "ssl": NO_IO,
    "zeroconf": NO_IO,
    "sqlite3": NO_IO,
    "apsw": NO_IO,
    "threading": NO_THREADS,
    "_thread": NO_THREADS,
    "concurrent": NO_THREADS,
    "multiprocessing": NO_THREADS,
    "subprocess": NO_THREADS,
    "asyncio": NO_THREADS,
    "trio": NO_THREADS,
    "hash": "use a digest: hash() of bytes and str differs from process to process",
}
BANNED: Mapping[str, Mapping[str, str]] = {
    "crypto": {**NOT_BELOW_THE_RIM, "logging": "return a value that says what happened"},
    "protocol": {**NOT_BELOW_THE_RIM, "logging": "return a value that says what happened"},
    "relay": {
        "asyncio": "use trio",
        "sqlite3": "use apsw: the system's SQLite can corrupt a WAL on reset",
        "pickle": "use msgspec or the strict codec: pickle runs what it reads",
    },
    "sim": NOT_BELOW_THE_RIM,
}
# These two start worker processes and tell the wall-clock time a run took; no event depends on it.
SIM_RIM = ("sim/holub_sim/sweep", "sim/holub_sim/report")
SIM_RIM_MAY = ("time", "datetime", "multiprocessing", "concurrent", "subprocess")


def covers(name: str, used: str) -> bool:
    """Whether `used` is `name` or below it."""
    return used == name or used.startswith(name + ".")


def _dotted(node: ast.expr) -> str | None:
    """`a.b.c` of a chain of attributes on a plain name, else None."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return ".".join([node.id, *reversed(parts)])


def imports(tree: ast.Module, package: str) -> Iterator[tuple[int, str]]:
    """Line and absolute dotted name of everything imported, `from` names included.

    `package` is the dotted package of the module, against which relative imports are read.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            base = parts[: len(parts) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                yield node.lineno, f"{module}.{alias.name}"


def uses(tree: ast.Module, package: str) -> Iterator[tuple[int, str]]:
    """Line and absolute dotted name of what is imported, and of every use of an imported name."""
    yield from imports(tree, package)
    known = {"hash": "hash"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                known[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                known[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load):
            name = _dotted(node)
            if name is not None:
                head, _, rest = name.partition(".")
                if head in known:
                    yield node.lineno, f"{known[head]}.{rest}" if rest else known[head]


def violations(source: str, path: str) -> list[str]:
    """What the module at `path` (relative to the checkout, `/`-separated) breaks, a line each."""
    layer, *rest = path.removesuffix(".py").split("/")
    package = ".".join(rest[:-1])
    tree = ast.parse(source)
    found: dict[str, None] = {}  # an ordered set: one import is also met as a use
    for line, name in imports(tree, package):
        top = name.split(".")[0]
        if top.startswith("holub_"):
            if top not in MAY_IMPORT[layer]:
                found[f"{path}:{line}: {layer} must not import {top}"] = None
        elif (
            layer in LIBRARY
            and top not in sys.stdlib_module_names
            and top not in LIBRARY_DEPENDENCIES
        ):
            found[f"{path}:{line}: {layer} depends on the library only, not on {top}"] = None
    allowed = SIM_RIM_MAY if path.startswith(SIM_RIM) else ()
    for line, name in uses(tree, package):
        for banned, instead in BANNED[layer].items():
            if covers(banned, name) and not any(covers(free, banned) for free in allowed):
                found[f"{path}:{line}: {banned}: {instead}"] = None
    return list(found)


def modules(layer: str) -> list[Path]:
    """Every module of one of the four folders, in a fixed order."""
    return sorted((ROOT / layer).rglob("*.py"))


@pytest.mark.parametrize("layer", list(MAY_IMPORT))
def test_layer_keeps_its_rules(layer: str) -> None:
    """Each package imports only what lies below it and touches nothing reserved for the rim."""
    assert modules(layer)
    found = [
        line
        for path in modules(layer)
        for line in violations(path.read_text("utf-8"), path.relative_to(ROOT).as_posix())
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("path", "source", "word"),
    [
        ("crypto/holub_crypto/x.py", "import holub_protocol.node", "holub_protocol"),
        ("protocol/holub_protocol/x.py", "from holub_relay import tcp", "holub_relay"),
        ("relay/holub_relay/x.py", "import holub_sim", "holub_sim"),
        ("sim/holub_sim/x.py", "def f():\n    from holub_relay.tcp import dial", "holub_relay"),
        ("protocol/holub_protocol/x.py", "import msgspec", "msgspec"),
        ("protocol/holub_protocol/x.py", "from time import monotonic", "time"),
        ("protocol/holub_protocol/x.py", "import os\nk = os.urandom(32)", "os.urandom"),
        ("protocol/holub_protocol/x.py", "from os import urandom as u", "os.urandom"),
        ("crypto/holub_crypto/x.py", "import os as o\nk = o.urandom(32)", "os.urandom"),
        ("crypto/holub_crypto/x.py", "import nacl.utils\nnacl.utils.random(3)", "nacl.utils"),
        (
            "crypto/holub_crypto/x.py",
            "from nacl.signing import SigningKey\nk = SigningKey.generate()",
            "SigningKey.generate",
        ),
        ("sim/holub_sim/x.py", "from datetime import datetime\ndatetime.now()", "datetime.now"),
        ("sim/holub_sim/x.py", "import random\nrandom.Random(1)", "random"),
        ("sim/holub_sim/report.py", "import random", "random"),
        ("protocol/holub_protocol/x.py", "x = hash(b'')", "hash"),
        ("relay/holub_relay/x.py", "import sqlite3", "sqlite3"),
    ],
)
def test_violations_are_found(path: str, source: str, word: str) -> None:
    """Each rule, broken on purpose, is reported with the name that breaks it."""
    found = violations(source, path)
    assert len(found) >= 1
    assert word in found[0]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("protocol/holub_protocol/kinds/x.py", "from . import table\nfrom ..limits import M"),
        ("protocol/holub_protocol/x.py", "import os.path\nfrom datetime import datetime, UTC"),
        ("protocol/holub_protocol/x.py", "def f(now, time):\n    return now.time() + time"),
        ("crypto/holub_crypto/x.py", "from nacl.signing import SigningKey\nSigningKey(b'')"),
        ("sim/holub_sim/sweep.py", "import time, multiprocessing\ntime.perf_counter()"),
        ("sim/holub_sim/x.py", "from holub_protocol.node import Node"),
        ("relay/holub_relay/x.py", "import time, socket, trio, secrets"),
    ],
)
def test_what_is_allowed_passes(path: str, source: str) -> None:
    """Relative imports, names that only look alike, and the rim's own tools are no violations."""
    assert violations(source, path) == []


UNWANTED = [
    "asyncio",
    "logging",
    "random",
    "secrets",
    "socket",
    "sqlite3",
    "ssl",
    "threading",
    "trio",
]
WALK = """
import importlib, pkgutil, sys
for name in {packages!r}:
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, name + "."):
        importlib.import_module(module.name)
print(*(name for name in {unwanted!r} if name in sys.modules))
"""


def test_library_loads_without_the_rim() -> None:
    """Importing all of crypto and protocol loads no socket, thread, loop, database or entropy.

    An integrator gets a library that starts nothing. `importlib.resources` loads `random`, so
    code that needs it imports it inside the function.
    """
    program = WALK.format(packages=["holub_crypto", "holub_protocol"], unwanted=UNWANTED)
    run = subprocess.run(
        [sys.executable, "-P", "-c", program], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == []
