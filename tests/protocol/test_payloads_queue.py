"""Chunks in frames: in order, in pieces, bounded."""

from holub_protocol.frames import Chunk, decode, encode
from holub_protocol.limits import FRAME_BYTES_MIN
from holub_protocol.payloads.queue import CHUNK_HEAD_BYTES, ChunkQueue
from support_payload import content

SALT = b"s" * 32
ID = b"i" * 32


class Shelf:
    """Chunks that are there."""

    def __init__(self, *places: int) -> None:
        self.chunks = {place: content(1024, str(place)) for place in places}
        self.reads = 0

    def read(self, id_: bytes, place: int) -> bytes | None:
        """Return one, and count."""
        self.reads += 1
        return self.chunks.get(place)


def drained(queue: ChunkQueue, piece_bytes: int) -> list[Chunk]:
    """Return all frames, each of which is within its bound."""
    frames = []
    while (data := queue.next(piece_bytes, SALT)) is not None:
        assert len(data) <= piece_bytes
        frame = decode(data)
        assert isinstance(frame, Chunk)
        frames.append(frame)
    return frames


def test_chunks_come_in_pieces_in_the_order_asked_for() -> None:
    """In the smallest frame a chunk takes five, one after the other; in 4 KiB one."""
    shelf = Shelf(3, 1559)
    queue = ChunkQueue(shelf)
    assert queue.ask(ID, (1559, 3), 0) == 2
    frames = drained(queue, FRAME_BYTES_MIN)
    assert [frame.place for frame in frames] == [1559] * 5 + [3] * 5
    assert b"".join(f.data for f in frames) == shelf.chunks[1559] + shelf.chunks[3]
    assert queue.chunks_out == 2
    assert not queue
    queue.ask(ID, (3,), 0)
    assert [frame.data for frame in drained(queue, 4096)] == [shelf.chunks[3]]


def test_head_is_reckoned_for_the_largest_numbers() -> None:
    """A frame of the last place at the last offset has the reckoned bytes besides its data."""
    frame = encode(Chunk(bytes(5), 1559, 700, bytes(300)))
    assert len(frame) - 300 == CHUNK_HEAD_BYTES


def test_only_the_first_goes_on_where_it_was() -> None:
    """The offset belongs to the first place; the others come from their beginning."""
    shelf = Shelf(1, 2)
    queue = ChunkQueue(shelf)
    queue.ask(ID, (1, 2), 1000)
    first, second = drained(queue, 4096)
    assert (first.offset, first.data) == (1000, shelf.chunks[1][1000:])
    assert (second.offset, len(second.data)) == (0, 1024)


def test_asking_again_queues_nothing_twice_and_is_bounded() -> None:
    """A peer that asks for the same, or for everything, does not fill our memory."""
    queue = ChunkQueue(Shelf())
    assert queue.ask(ID, (1, 2, 2), 0) == 2
    assert queue.ask(ID, (2, 3), 0) == 1
    assert queue.ask(ID, tuple(range(1560)), 0) == 125
    assert queue.ask(b"j" * 32, (1,), 0) == 0


def test_what_is_gone_is_passed_over() -> None:
    """A chunk that can't be read any more costs no frame and keeps nobody waiting."""
    shelf = Shelf(7)
    queue = ChunkQueue(shelf)
    queue.ask(ID, (6, 7), 0)
    assert [frame.place for frame in drained(queue, 4096)] == [7]
    assert queue.next(4096, SALT) is None
