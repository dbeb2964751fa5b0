"""Mutation testing of the code that decides whom to believe: run by scripts/mutate.

Each module of TESTS is copied with the whole project to a working directory and changed there, one
thing at a time, by cosmic-ray; its tests must notice. What no test noticed is printed as a diff;
docs/mutation.md tells which of those weaken nothing, and why.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("crypto", "protocol", "relay", "sim")
TIMEOUT_S = 120

TESTS = {
    "protocol/holub_protocol/admit.py": (
        "tests/protocol/test_admit.py",
        "tests/protocol/test_trusting.py",
        "tests/protocol/test_endorse.py",
        "tests/protocol/test_clock_cases.py",
        "tests/protocol/test_proofs.py",
        "tests/protocol/test_hostile_peer.py",
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
    "protocol/holub_protocol/truth.py": (
        "tests/protocol/test_truth.py",
        "tests/protocol/test_words.py",
        "tests/protocol/test_endorse.py",
        "tests/protocol/test_truth_property.py",
    ),
    "protocol/holub_protocol/words.py": (
        "tests/protocol/test_words.py",
        "tests/protocol/test_truth.py",
        "tests/protocol/test_truth_property.py",
    ),
}


def main(modules: list[str]) -> int:
    """Mutate the modules, all of them by default; the exit code is 1 where a mutant survived."""
    unknown = [module for module in modules if module not in TESTS]
    if unknown:
        print(f"no tests are listed for {', '.join(unknown)}; there are: {', '.join(TESTS)}")
        return 2
    survived = 0
    for module in modules or TESTS:
        with tempfile.TemporaryDirectory() as folder:
            survived += mutate(module, Path(folder))
    return 1 if survived else 0


def mutate(module: str, work: Path) -> int:
    """Mutate one module in a copy of the project; print and return how many mutants survived."""
    for folder in (*FOLDERS, "tests"):
        shutil.copytree(ROOT / folder, work / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", work)
    python = ROOT / ".venv" / "bin" / "python"
    paths = ":".join(str(work / folder) for folder in FOLDERS)
    tests = " ".join(TESTS[module])
    (work / "mutate.toml").write_text(
        "[cosmic-ray]\n"
        f'module-path = "{module}"\n'
        f"timeout = {TIMEOUT_S}.0\n"
        "excluded-modules = []\n"
        f'test-command = "env PYTHONPATH={paths} {python} -P -m pytest -x -q '
        f'-p no:cacheprovider {tests}"\n'
        '[cosmic-ray.distributor]\nname = "local"\n'
    )
    tools = Path(sys.executable).parent
    for verb in (("baseline", "mutate.toml"), ("init", "mutate.toml", "session.sqlite"),
                 ("exec", "mutate.toml", "session.sqlite")):  # fmt: skip
        subprocess.run([tools / "cosmic-ray", *verb], cwd=work, check=True)  # noqa: S603
    report = subprocess.run(  # noqa: S603
        [tools / "cr-report", "--surviving-only", "--show-diff", "session.sqlite"],
        cwd=work, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    print(f"=== {module}\n{report}")
    return report.count("survived")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
