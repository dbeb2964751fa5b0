"""Runs in `.oracles`: tells which CBOR items zcbor accepts for which type of a CDDL file.

`cddl_oracle.py FILE.cddl` reads a JSON list of [type, hex] and answers with a list of null, or
of the reason why not.
"""

import contextlib
import io
import json
import sys
from pathlib import Path

from zcbor.zcbor.zcbor import PRELUDE_PATH, DataTranslator  # type: ignore[import-not-found]


def main() -> None:
    """Judge what comes on stdin."""
    text = Path(sys.argv[1]).read_text("utf-8") + PRELUDE_PATH.read_text("utf-8")
    types = DataTranslator.from_cddl(cddl_string=text, default_max_qty=10_000).my_types
    answers: list[str | None] = []
    for name, item in json.load(sys.stdin):
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                types[name].validate_str(bytes.fromhex(item))
            answers.append(None)
        except Exception as error:
            answers.append(f"{type(error).__name__}: {error}")
    json.dump(answers, sys.stdout)


main()
