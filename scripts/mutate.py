"""Mutation testing of the code that decides whom to believe: run by scripts/mutate.

Each module of TESTS is changed in a copy of the project, one thing at a time, as cosmic-ray says,
or by leaving out a statement or a condition; its tests must notice. What no test noticed is
printed as a diff; docs/mutation.md tells which of those weaken nothing, and why.

The tests run in the project's own environment, in a process that forks for each mutant
(scripts/mutate_tests.py): starting Python and pytest anew would take five times as long.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from difflib import unified_diff
from itertools import chain
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("crypto", "protocol", "relay", "sim")

TESTS = {
    "protocol/holub_protocol/admit.py": (
        "tests/protocol/test_admit.py",
        "tests/protocol/test_proofs.py",
        "tests/protocol/test_trusting.py",
        "tests/protocol/test_clock_cases.py",
        "tests/protocol/test_hostile_peer.py",
    ),
    "protocol/holub_protocol/trusting.py": (
        "tests/protocol/test_trusting.py",
        "tests/protocol/test_trustlist.py",
        "tests/protocol/test_proofs.py",
        "tests/protocol/test_clock_cases.py",
        "tests/protocol/test_node.py",
    ),
    "protocol/holub_protocol/truth.py": (
        "tests/protocol/test_truth.py",
        "tests/protocol/test_desk.py",
        "tests/protocol/test_seconds.py",
        "tests/protocol/test_trusting.py",
    ),
    "protocol/holub_protocol/words.py": (
        "tests/protocol/test_words.py",
        "tests/protocol/test_words_bounds.py",
        "tests/protocol/test_truth.py",
        "tests/protocol/test_seconds.py",
        "tests/protocol/test_alertroom.py",
    ),
    "protocol/holub_protocol/scope.py": (
        "tests/protocol/test_scope.py",
        "tests/protocol/test_words.py",
        "tests/protocol/test_truth.py",
    ),
    "protocol/holub_protocol/remnants.py": (
        "tests/protocol/test_remnants.py",
        "tests/protocol/test_words_bounds.py",
    ),
    "protocol/holub_protocol/seconds.py": (
        "tests/protocol/test_seconds.py",
        "tests/protocol/test_words.py",
        "tests/protocol/test_truth.py",
    ),
    "crypto/holub_crypto/trust.py": (
        "tests/crypto/test_trust.py",
        "tests/crypto/test_chains.py",
        "tests/protocol/test_admit.py",
        "tests/protocol/test_trusting.py",
    ),
    "crypto/holub_crypto/chains.py": (
        "tests/crypto/test_chains.py",
        "tests/crypto/test_trust.py",
        "tests/protocol/test_trusting.py",
    ),
    "crypto/holub_crypto/succession.py": (
        "tests/crypto/test_succession.py",
        "tests/crypto/test_trust.py",
    ),
    "crypto/holub_crypto/charter.py": (
        "tests/crypto/test_charter.py",
        "tests/crypto/test_succession.py",
    ),
}
"""The tests that must notice, the cheapest first. Those of random inputs that are marked slow are
left out: what they notice may be luck."""

SPARED = re.compile(
    r"(Eq|Lt|LtE|Gt|GtE)_Is(Not)?$|_Is_(?!IsNot)\w+$|_IsNot_(?!Is$)\w+$"
    r"|Binary.*_(?!Add_Sub|Sub_Add|Mul_FloorDiv|FloorDiv_Mul|BitOr_BitAnd|BitAnd_BitOr)\w+_\w+$"
)
"""Operators that change nothing, or what others change: identity for a comparison and the other
way round, and all but one for an arithmetic one."""


def main(wanted: list[str]) -> int:
    """Mutate modules, or lines of them; the exit code is 1 where a mutant survived."""
    survived = 0
    for module, _, lines in (each.partition(":") for each in wanted or TESTS):
        if module not in TESTS:
            print(f"no tests are listed for {module}; there are: {', '.join(TESTS)}")
            return 2
        first, _, last = lines.partition("-")
        chosen = range(int(first or 1), int(last or first or 1 << 30) + 1)
        with tempfile.TemporaryDirectory() as folder:
            survived += mutate(module, chosen, Path(folder))
    return 1 if survived else 0


def mutate(module: str, lines: range, work: Path) -> int:
    """Mutate lines of a module in a copy of the project; print and return what survived."""
    for folder in (*FOLDERS, "tests"):
        shutil.copytree(ROOT / folder, work / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", work)
    paths = os.pathsep.join(str(work / folder) for folder in FOLDERS)
    source = (ROOT / module).read_text("utf-8")
    tester = subprocess.Popen(  # noqa: S603
        [
            ROOT / ".venv/bin/python", "-P", ROOT / "scripts/mutate_tests.py",
            ".".join(Path(module).with_suffix("").parts[1:]), *TESTS[module],
        ],
        cwd=work, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        env={**os.environ, "PYTHONPATH": paths, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )  # fmt: skip
    assert tester.stdin
    assert tester.stdout
    if tester.stdout.readline() != "survived\n":
        raise SystemExit(f"the tests of {module} fail before anything is changed")
    counts: Counter[str] = Counter()
    print(f"=== {module}", flush=True)
    for operator, mutant in mutants(source):
        diff = list(unified_diff(source.split("\n"), mutant.split("\n"), lineterm="", n=1))
        if int(diff[2].split()[1][1:].split(",")[0]) + 1 not in lines:
            continue
        (work / module).write_text(mutant, "utf-8")
        tester.stdin.write("\n")
        outcome = tester.stdout.readline().strip()
        counts[outcome] += 1
        if outcome == "survived":
            print(f"--- {operator}", *diff[2:], sep="\n", flush=True)
    tester.stdin.close()
    tester.wait()
    print(f"=== {module}: {counts.total()} mutants, {dict(counts)}", flush=True)
    return counts["survived"]


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """Every (operator, changed source) once, but for those that only change annotations and
    those that are no Python."""
    seen = {meaning(source)}
    for operator, mutant in chain(
        by_cosmic_ray(source), without_statement(source), without_condition(source)
    ):
        try:
            told = meaning(mutant)
        except SyntaxError:
            continue
        if told not in seen:
            seen.add(told)
            yield operator, mutant


def by_cosmic_ray(source: str) -> Iterator[tuple[str, str]]:
    """What its operators make of the source: those that take no arguments and are not SPARED."""
    nodes = [*ast_nodes(get_ast(source))]
    for name in operator_names():
        if get_operator(name).arguments() or SPARED.search(name):
            continue
        operator = get_operator(name)()
        for place in range(sum(len([*operator.mutation_positions(node)]) for node in nodes)):
            with suppress(AttributeError):  # ExceptionReplacer knows no names with a dot
                yield name.removeprefix("core/"), mutate_code(source, operator, place) or source


def without_statement(source: str) -> Iterator[tuple[str, str]]:
    """The source without one statement: a call, an assignment, a way out, a whole `if` or `for`."""
    lines = source.split("\n")
    kinds = (
        ast.Expr, ast.Assign, ast.AugAssign, ast.Delete, ast.Return, ast.Raise, ast.Continue,
        ast.Break, ast.If, ast.For,
    )  # fmt: skip
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            if not isinstance(node, kinds):
                continue
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):  # a docstring
                continue
            first, last = node.lineno - 1, node.end_lineno or node.lineno
            indent = " " * node.col_offset
            if lines[first].startswith((indent + "elif", indent + "else")):
                continue
            yield "WithoutStatement", "\n".join([*lines[:first], indent + "pass", *lines[last:]])


def without_condition(source: str) -> Iterator[tuple[str, str]]:
    """The source with one operand of an `and` or `or`, or one `if` of a comprehension, left out:
    the constant that changes nothing else stands for it."""
    lines = source.encode().split(b"\n")  # columns count bytes
    for node in ast.walk(ast.parse(source)):
        conditions: list[ast.expr] = []
        neutral = b"True"
        if isinstance(node, ast.BoolOp):
            conditions, neutral = node.values, b"True" if isinstance(node.op, ast.And) else b"False"
        elif isinstance(node, ast.comprehension):
            conditions = node.ifs
        for each in conditions:
            first, last = each.lineno - 1, (each.end_lineno or each.lineno) - 1
            line = lines[first][: each.col_offset] + neutral + lines[last][each.end_col_offset :]
            mutant = b"\n".join([*lines[:first], line, *lines[last + 1 :]])
            yield "WithoutCondition", mutant.decode()


def meaning(source: str) -> str:
    """What a module does: its tree without annotations, which nothing here reads."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign):
            node.annotation = ast.Constant(None)
        elif isinstance(node, ast.FunctionDef):
            node.returns = None
    return ast.dump(tree)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
