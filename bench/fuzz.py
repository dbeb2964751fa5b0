"""Mutated inputs at every way in: nothing is raised, and no input costs much memory.

Real frames, messages, charters, grants, bundles, requests, beacons, handshakes, neighbours by
multicast DNS, configurations, join codes and files of a ceremony get other fields, or are changed
in up to four places, cut, doubled or joined; *signed* and *sealed* ones are broken first and then
signed by a key that may, or given their right checksum. Frames are also heard by a session that
holds 300 messages (*session*); a link that closes is replaced by a new one. The memory of every
eighth input is measured. One line a way. An exception that a way does not document ends the run.
Usage: fuzz.py [inputs of each way] [way ...]
"""

import sys
import tempfile
from pathlib import Path

from _common import argument, cpu_s, emit

from support_fuzz import Fuzz, Gauge
from support_ways import WAYS, play

INPUTS = 100_000
ALLOCATION_BYTES = 1 << 20


def session(count: int) -> Gauge:
    """Let a session hear frames; return what they took."""
    fuzz = Fuzz(seed=1)
    fuzz.run(count)
    return fuzz.gauge


def main() -> None:
    """Play all inputs and print what came of them."""
    count = argument(INPUTS)
    for way in sys.argv[2:] or ("session", *WAYS):
        begin_s = cpu_s()
        if way == "session":
            gauge = session(count)
        else:
            with tempfile.TemporaryDirectory() as folder:
                gauge = play(Path(folder), count, seed=1, only=(way,))[way]
        emit(
            "fuzz",
            way=way,
            inputs=gauge.inputs,
            most_allocated_bytes=gauge.most_allocated_bytes,
            bar_bytes=ALLOCATION_BYTES,
            cpu_s=cpu_s() - begin_s,
            met=gauge.most_allocated_bytes <= ALLOCATION_BYTES,
        )


if __name__ == "__main__":
    main()
