"""Mutated frames against a live link: nothing is raised, and no frame costs much memory.

Real frames of a reconciliation and of the vectors, changed in one to four places, cut, doubled
or joined, are heard by a session that holds 300 messages, as a peer would send them. A link that
closes is replaced by a new one. Usage: fuzz.py [frames]
"""

from _common import argument, cpu_s, emit

from support_fuzz import Fuzz

FRAMES = 1_000_000
ALLOCATION_BYTES = 1 << 20


def main() -> None:
    """Play all frames and print what came of them."""
    fuzz = Fuzz(seed=1)
    begin_s = cpu_s()
    fuzz.run(argument(FRAMES))
    emit(
        "fuzz",
        frames=fuzz.frames,
        heard=fuzz.heard,
        links=fuzz.links,
        most_allocated_bytes=fuzz.most_allocated_bytes,
        bar_bytes=ALLOCATION_BYTES,
        cpu_s=cpu_s() - begin_s,
        met=fuzz.most_allocated_bytes <= ALLOCATION_BYTES,
    )


if __name__ == "__main__":
    main()
