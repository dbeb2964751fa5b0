"""Links: ordered streams that are slow, lose time to loss, stall, break and come back."""

import pytest

from holub_sim.network import Pipe, Quality, Wire
from holub_sim.world import World
from support_sim import Ear

LAN = Quality(1_000, 0, 100_000_000, 0)
S = 1_000_000


class Joined:
    """Two ears on a wire."""

    def __init__(self, quality: Quality = LAN, seed: int = 1) -> None:
        self.world = World(seed, 0)
        self.a, self.b = Ear("a"), Ear("b")
        self.wire = Wire(self.world, self.a, self.b, quality)
        self.wire.dial()

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.world.run(self.world.now_us + int(seconds * S))


def heard(quality: Quality, *sent: bytes, seed: int = 1) -> list[tuple[int, bytes | None]]:
    """Send through one pipe at microsecond 0; return what arrives, and when."""
    world = World(seed, 0)
    out: list[tuple[int, bytes | None]] = []
    pipe = Pipe(world, quality, world.stream("p"), lambda data: out.append((world.now_us, data)))
    for data in sent:
        pipe.send(data)
    world.run(3600 * S)
    return out


def test_latency_and_bandwidth_add_up() -> None:
    """942 bytes and 58 of overhead take 1 s at 8 kbit/s, and then the way."""
    assert heard(Quality(5_000, 0, 8_000, 0), bytes(942)) == [(1_005_000, bytes(942))]


def test_a_slow_link_hands_over_segment_by_segment() -> None:
    """A receiver need not wait for the end of a large send; a fast link saves the events."""
    data = bytes(range(256)) * 20
    slow = heard(Quality(5_000, 0, 64_000, 0), data)
    assert len(slow) == 4
    assert b"".join(part for _, part in slow if part) == data
    assert len(heard(Quality(5_000, 0, 1_000_000_000, 0), data)) == 1


def test_loss_delays_what_is_behind_it_and_loses_nothing() -> None:
    """Whatever the loss, every byte arrives, in order, the lost ones 200 ms later or more."""
    sent = tuple(bytes([i]) * 10 for i in range(100))
    out = heard(Quality(5_000, 2_000, 1_000_000, 200_000), *sent)
    assert b"".join(part for _, part in out if part) == b"".join(sent)
    assert [at for at, _ in out] == sorted(at for at, _ in out)
    clean = heard(Quality(5_000, 2_000, 1_000_000, 0), *sent)
    assert out[-1][0] > clean[-1][0] + 190_000


def test_a_wire_connects_both_ends() -> None:
    """Both learn of the link and of each other's key; what one says the other hears."""
    pair = Joined()
    pair.run(2)
    assert pair.a.ups == pair.b.ups == [1]
    pair.a.say(b"hi")
    pair.run(1)
    assert pair.b.heard == [(1, b"hi")]
    assert pair.wire.traffic() == (2, 1, 0)


def test_a_short_cut_only_stalls() -> None:
    """What was said during eight seconds without a path arrives after it, on the same link."""
    pair = Joined()
    pair.run(2)
    pair.wire.cut()
    pair.a.say(b"x")
    pair.run(8)
    assert pair.b.heard == []
    pair.wire.heal()
    pair.run(10)
    assert pair.b.heard == [(1, b"x")]
    assert pair.a.downs == pair.b.downs == []


@pytest.mark.parametrize("seed", range(5))
def test_a_long_cut_breaks_the_link_and_it_comes_back(seed: int) -> None:
    """After 10 to 15 s of silence both ends are down, what was under way is gone, and within the
    longest back-off after the heal there is a new link."""
    pair = Joined(seed=seed)
    pair.run(2)
    pair.wire.cut()
    pair.a.say(b"gone")
    pair.run(9.9)
    assert not pair.a.downs
    assert not pair.b.downs
    pair.run(5.2)
    assert pair.a.downs == pair.b.downs == [1]
    pair.run(300)
    pair.wire.heal()
    pair.run(40)
    assert pair.wire.up
    assert pair.a.ups == pair.b.ups
    assert len(pair.a.ups) == 2
    assert pair.b.heard == []


def test_cuts_add_up() -> None:
    """Of two overlapping cuts the path is back when both are healed."""
    pair = Joined()
    pair.wire.cut()
    pair.wire.cut()
    pair.wire.heal()
    assert pair.wire.cut_off
    pair.run(60)
    assert not pair.a.ups
    pair.wire.heal()
    pair.run(60)
    assert pair.a.ups


def test_a_dead_process_is_noticed_at_once_a_dead_machine_by_silence() -> None:
    """The kernel closes the links of a process; a power cut says nothing for 10 to 15 s, even
    if a short cut of the path comes and goes meanwhile."""
    process = Joined()
    process.run(2)
    process.b.running = False
    process.wire.end_died(1, silently=False)
    process.run(0.1)
    assert process.a.downs == [1]
    machine = Joined()
    machine.run(2)
    machine.b.running = False
    machine.wire.end_died(1, silently=True)
    machine.run(4)
    machine.wire.cut()
    machine.wire.heal()
    machine.run(5)
    assert machine.a.downs == []
    machine.run(6.1)
    assert machine.a.downs == [1]
    assert machine.b.downs == []


def test_a_machine_that_comes_back_early_replaces_the_link() -> None:
    """Its peer still holds the old link for up: the new one takes its place, never both."""
    pair = Joined()
    pair.run(2)
    pair.b.running = False
    pair.wire.end_died(1, silently=True)
    pair.run(1)
    pair.b.running = True
    pair.wire.end_came_back()
    pair.run(3)
    assert pair.a.downs == [1]
    assert pair.a.ups == pair.b.ups == [1, 2]
    assert pair.wire.connections == 2


def test_hanging_up_comes_behind_what_was_said() -> None:
    """The last words of a side that closes arrive before the end of the stream."""
    pair = Joined()
    pair.run(2)
    pair.a.say(b"bye")
    assert pair.wire.connection is not None
    pair.wire.connection.take_down(0)
    pair.run(0.5)
    assert pair.b.heard == [(1, b"bye")]
    assert pair.b.downs == [1]


def test_a_cut_that_heals_does_not_revive_a_link_that_a_jam_has_killed() -> None:
    """What a jam has put off by hours stays put off when an unrelated cut ends: the ear gives the
    link up as it would have without the cut, and there is a new one."""
    pair = Joined()
    pair.run(2)
    pair.wire.jam(999_999)
    pair.a.say(b"late")
    pair.run(1)
    pair.wire.unjam(999_999)
    pair.wire.cut()
    pair.run(1)
    pair.wire.heal()
    pair.run(40)
    assert pair.b.downs == [1]
    assert pair.wire.up
    assert len(pair.b.ups) == 2
