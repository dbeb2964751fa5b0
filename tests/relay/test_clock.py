"""What makes a clock reliable, and what ends that: each source, each doubt, each step."""

import pytest

from holub_relay.clock import AGREE_S, AHEAD_S, Clock, Doubt, Mode, Source, steady_clock_us
from holub_relay.timesources import Outside

NOW_S = 1_700_000_000
YEARS_30_S = 30 * 365 * 86_400
NOBODY = Outside.NOTHING


class Machine:
    """A machine's two clocks, turned by hand."""

    def __init__(self, mode: Mode = "auto", wall_s: int = NOW_S, life_us: int = 0) -> None:
        self.steady_us, self.wall_us = 5_000_000, wall_s * 1_000_000
        self.clock = Clock(
            mode,
            life_us=life_us,
            steady_us=lambda: self.steady_us,
            wall_us=lambda: self.wall_us,
        )

    def run(self, seconds: int) -> None:
        """Let time pass."""
        self.steady_us += seconds * 1_000_000
        self.wall_us += seconds * 1_000_000

    def step(self, seconds: int) -> None:
        """Set the wall clock."""
        self.wall_us += seconds * 1_000_000

    def look(self, found: Outside = NOBODY, *signed_s: int) -> tuple[Source, Doubt]:
        """Judge anew; return what is said then."""
        self.clock.look(found, signed_s)
        state = self.clock.state
        assert state.reliable == self.clock.now().reliable
        return state.source, state.doubt


@pytest.mark.parametrize("mode", ["auto", "host", "unknown"])
def test_every_start_is_unreliable(mode: Mode) -> None:
    """Before anybody has looked nothing vouches, whatever was declared."""
    assert not Machine(mode).clock.now().reliable


@pytest.mark.parametrize(
    ("found", "source"),
    [(Outside.GNSS, Source.GNSS), (Outside.AUTHENTICATED, Source.AUTHENTICATED)],
)
def test_receivers_and_signed_servers_need_nobody_else(found: Outside, source: Source) -> None:
    """They are believed at once, also against signed times: a stolen key could else take the
    time from a city."""
    machine = Machine()
    assert machine.look(found) == (source, Doubt.NONE)
    assert machine.look(found, NOW_S + 86_400) == (source, Doubt.NONE)


def test_unknown_is_the_operators_last_word() -> None:
    """With `unknown` no time program is believed, and a confirmation still is."""
    machine = Machine("unknown")
    assert machine.look(Outside.GNSS, NOW_S)[0] is Source.NOTHING
    machine.clock.confirm()
    assert machine.look()[0] is Source.OPERATOR


def test_plain_ntp_needs_a_signed_time() -> None:
    """Alone it is not believed; once it agrees with a signed time it is, for as long as nothing
    contradicts it."""
    machine = Machine()
    assert machine.look(Outside.NTP) == (Source.NOTHING, Doubt.UNCONFIRMED)
    far = NOW_S - AGREE_S - 1
    assert machine.look(Outside.NTP, far) == (Source.NOTHING, Doubt.UNCONFIRMED)
    assert machine.look(Outside.NTP, NOW_S - AGREE_S) == (Source.NTP, Doubt.NONE)
    machine.run(86_400)
    assert machine.look(Outside.NTP, NOW_S) == (Source.NTP, Doubt.NONE)
    ahead = NOW_S + 86_400 + AGREE_S + 1
    assert machine.look(Outside.NTP, ahead) == (Source.NOTHING, Doubt.BEHIND)


def test_forged_ntp_is_found_out() -> None:
    """Time from a forged server, set a day back or on, never agrees with what is signed now."""
    for step_s in (-86_400, 86_400):
        machine = Machine()
        machine.look(Outside.NTP, NOW_S)
        machine.step(step_s)
        assert machine.look(Outside.NTP, NOW_S)[0] is Source.NOTHING


@pytest.mark.parametrize(
    ("wall_s", "doubt"),
    [
        (0, Doubt.BEHIND),
        (NOW_S - AGREE_S - 1, Doubt.BEHIND),
        (NOW_S - AGREE_S, Doubt.NONE),
        (NOW_S + AHEAD_S, Doubt.NONE),
        (NOW_S + AHEAD_S + 1, Doubt.AHEAD),
        (2**32 - 1, Doubt.AHEAD),
    ],
    ids=["1970", "a little behind", "skew", "silent for a year", "more", "2106"],
)
def test_a_declared_clock_is_held_against_what_is_signed(wall_s: int, doubt: Doubt) -> None:
    """A hardware clock whose battery is dead boots in 1970, or anywhere."""
    source = Source.HOST if doubt is Doubt.NONE else Source.NOTHING
    assert Machine("host", wall_s).look(NOBODY, NOW_S) == (source, doubt)


@pytest.mark.parametrize("step_s", [YEARS_30_S, -YEARS_30_S, 61, -61])
def test_a_step_ends_what_was_said_at_once(step_s: int) -> None:
    """A clock that is set, by whatever, is unreliable from that moment on, without a look; set
    back to where it was, it is as good as before."""
    machine = Machine("host")
    assert machine.look(NOBODY, NOW_S)[0] is Source.HOST
    machine.step(step_s)
    assert not machine.clock.now().reliable
    assert machine.clock.state.doubt is Doubt.STEPPED
    assert machine.look(NOBODY, NOW_S)[0] is Source.NOTHING
    machine.step(-step_s)
    assert machine.look(NOBODY, NOW_S) == (Source.HOST, Doubt.NONE)


def test_a_dead_battery_heals_by_the_network() -> None:
    """Boot in 1970; plain NTP sets the clock; it agrees with a board: reliable, no hand needed,
    and from then on the hardware clock again."""
    machine = Machine("host", wall_s=100)
    assert machine.look(NOBODY, NOW_S) == (Source.NOTHING, Doubt.BEHIND)
    machine.step(NOW_S - 100)
    assert machine.look(Outside.NTP, NOW_S) == (Source.NTP, Doubt.NONE)
    assert machine.look(NOBODY, NOW_S) == (Source.HOST, Doubt.NONE)


def test_the_operators_word() -> None:
    """It stands against everything but a step, and a later start knows nothing of it."""
    machine = Machine()
    machine.clock.confirm()
    assert machine.clock.now().reliable
    assert machine.look(NOBODY, NOW_S + 86_400) == (Source.OPERATOR, Doubt.NONE)
    machine.step(3600)
    assert machine.look() == (Source.NOTHING, Doubt.STEPPED)
    machine.clock.confirm()
    assert machine.look() == (Source.OPERATOR, Doubt.NONE)


def test_small_corrections_are_no_step() -> None:
    """A time program that corrects seconds takes nothing away."""
    machine = Machine("host")
    machine.look()
    machine.step(59)
    assert machine.clock.now().reliable


def test_a_look_tells_whether_anything_changed() -> None:
    """So that the node is told once, and people see since when."""
    machine = Machine("host")
    assert machine.clock.look(NOBODY, ())
    since_us = machine.clock.state.since_us
    machine.run(100)
    assert not machine.clock.look(NOBODY, ())
    assert machine.clock.state.since_us == since_us
    assert machine.clock.look(NOBODY, (NOW_S + 86_400,))


def test_the_steady_clock_goes_on_over_starts() -> None:
    """A node that has lived an hour before begins at an hour."""
    machine = Machine(life_us=3_600_000_000)
    assert machine.clock.now().mono_us == 3_600_000_000
    machine.run(2)
    assert machine.clock.now().mono_us == 3_602_000_000


def test_the_real_clocks() -> None:
    """Without being handed any, this machine's are read: Unix seconds, and one that rises."""
    clock = Clock("unknown")
    first, second = clock.now(), clock.now()
    assert 0 <= first.mono_us <= second.mono_us
    assert second.wall_s > NOW_S
    assert steady_clock_us() <= steady_clock_us()
