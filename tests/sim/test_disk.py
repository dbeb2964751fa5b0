"""The disk: commits take time and keep their order; a crash keeps all of one or nothing."""

from dataclasses import replace

from holub_protocol.storage import Row, State, Writes
from holub_sim.disk import Disk, DiskPlan
from holub_sim.world import World

ROW = Row(bytes(32), 5, 1, bytes(32), 1, 1_700_000_000, 0, 1_700_003_600, 0, 3, State.HELD, 0, 0, 0)


def put(number: int, body: bytes = b"abc") -> Writes:
    """Writes of one message."""
    return Writes(rows=((replace(ROW, id=bytes([number]) * 32), body),))


class Bench:
    """A disk and what it has reported, with the moments."""

    def __init__(self, seed: int = 1, quota_bytes: int = 1 << 20) -> None:
        self.world = World(seed, 0)
        self.disk = Disk(self.world, DiskPlan(4_000, 0, quota_bytes), self.world.stream("disk"))
        self.done: list[tuple[int, int, bool]] = []

    def put(self, number: int, writes: Writes | None = None) -> None:
        """Submit a message, or these writes."""
        durable = writes is None
        self.disk.submit(
            writes or put(number),
            durable,
            lambda ok: self.done.append((number, self.world.now_us, ok)),
        )


def test_what_waits_is_committed_together_and_told_in_order() -> None:
    """The first commit starts at once; all that came meanwhile share the second."""
    bench = Bench()
    for number in (1, 2, 3):
        bench.put(number)
    bench.world.run(20_000)
    assert bench.done == [(1, 4_000, True), (2, 8_000, True), (3, 8_000, True)]
    assert bench.disk.commits == 2


def test_what_needs_no_commit_waits_only_for_those_ahead() -> None:
    """An idle disk delays nothing; a busy one keeps the order of what is to be sent."""
    bench = Bench()
    bench.put(9, Writes())
    bench.put(1)
    bench.put(8, Writes())
    bench.world.run(20_000)
    assert [number for number, _, _ in bench.done] == [9, 1, 8]
    assert bench.done[0][1] == 0


def test_bodies_are_read_before_they_are_stored() -> None:
    """The node may be asked for a message whose commit is still under way."""
    bench = Bench()
    bench.put(1)
    bench.put(2)
    assert bench.disk.get(bytes([1]) * 32) == bench.disk.get(bytes([2]) * 32) == b"abc"
    bench.world.run(5_000)
    assert bench.disk.get(bytes([2]) * 32) == b"abc"
    bench.world.run(20_000)
    assert bench.disk.get(bytes([1]) * 32) == b"abc"
    assert bench.disk.get(bytes([3]) * 32) is None


def test_a_crash_keeps_what_was_told_and_never_half_a_commit() -> None:
    """Over many seeds the commit under way survives whole or not at all, each sometimes; what
    waited behind it is gone, and nobody is told anything."""
    outcomes = []
    for seed in range(20):
        bench = Bench(seed)
        bench.put(1)
        bench.world.run(4_000)
        bench.put(2)
        bench.put(3)
        bench.world.run(6_000)
        bench.disk.crash()
        bench.world.run(50_000)
        assert [number for number, _, _ in bench.done] == [1]
        held = [bench.disk.get(bytes([n]) * 32) is not None for n in (1, 2, 3)]
        assert held[0]
        assert not held[2]
        outcomes.append(held[1])
    assert True in outcomes
    assert False in outcomes


def test_a_full_disk_refuses_and_says_so() -> None:
    """What fits of a group is stored; what does not is reported, not lost in silence."""
    bench = Bench(quota_bytes=1_000)
    bench.put(1)
    bench.put(2, None)
    bench.disk.submit(
        put(3, bytes(900)), True, lambda ok: bench.done.append((3, bench.world.now_us, ok))
    )
    bench.world.run(20_000)
    assert [(number, ok) for number, _, ok in bench.done] == [(1, True), (2, True), (3, False)]
    assert bench.disk.store.size_bytes() <= 1_000
