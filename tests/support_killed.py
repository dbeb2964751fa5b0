"""A process to be killed: commits messages and tells their numbers once they are durable."""

import os
import sys
import threading
from itertools import count
from pathlib import Path

from holub_relay.store import SqliteStore
from holub_relay.writer import Writer
from support_store import held


def main(path: Path, first: int) -> None:
    """Commit batches of a few messages from `first` on, until killed."""
    store = SqliteStore.open(path, 64 << 20)
    writer = Writer(store)
    room = threading.Semaphore(8)
    for start in count(first, 3):

        def done(error: Exception | None, start: int = start) -> None:
            room.release()
            if error is None:
                os.write(1, b"%d\n" % start)

        room.acquire()
        writer.submit(held(start, start + 1, start + 2), start % 2 == 0, done)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
