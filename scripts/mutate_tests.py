"""Run tests of a module once, and once more for each line read; say what came of it.

Started by scripts/mutate.py as `mutate_tests.py MODULE TESTS...`, in the folder of the copy that
it changes. What is imported before the fork need not be imported for each mutant.
"""

import gc
import os
import resource
import signal
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import cbor2
import hypothesis.strategies
import nacl.bindings
import pytest

TIMEOUT_S = 60
MEMORY_BYTES = 2 << 30
OPTIONS = (
    "-x", "-q", "-m", "not slow",
    # Nobody reads why a test failed: it need not be told, nor looked for.
    "--assert=plain", "-p", "no:cacheprovider", "-p", "no:unraisableexception",
)  # fmt: skip
THIRD_PARTIES = (cbor2, hypothesis.strategies, nacl.bindings)
PACKAGES = ("crypto/holub_crypto", "protocol/holub_protocol")


def prepare(module: str) -> None:
    """Import pytest's own plugins, and what of the project does not depend on the module."""
    silence()
    pytest.main(["--version"])
    sys.modules[module] = None  # type: ignore[assignment]  # importing it raises ImportError
    for package in map(Path, PACKAGES):
        for path in sorted(package.rglob("*.py")):
            with suppress(ImportError):
                import_module(".".join(path.relative_to(package.parent).with_suffix("").parts))
    del sys.modules[module]
    gc.collect()
    gc.freeze()  # what is here is not looked at in each fork again


def silence() -> None:
    """Send what is written to standard output and error to nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def outcome(tests: list[str]) -> str:
    """Run the tests in a fork: "survived" if all pass, "killed", or "timeout"."""
    child = os.fork()
    if child == 0:
        # A mutant may run for ever, or take all memory.
        signal.alarm(TIMEOUT_S)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        os._exit(pytest.main([*OPTIONS, *tests]))
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status == -signal.SIGALRM:
        return "timeout"
    return "survived" if status == 0 else "killed"


def main(module: str, tests: list[str]) -> None:
    """Answer for the project as it is, then for each line."""
    sys.dont_write_bytecode = False
    with os.fdopen(os.dup(1), "w", buffering=1) as answers:
        prepare(module)
        answers.write(f"{outcome(tests)}\n")
        # Two versions of a file within one second may look the same to what compiles them.
        sys.dont_write_bytecode = True
        for _ in sys.stdin:
            answers.write(f"{outcome(tests)}\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
