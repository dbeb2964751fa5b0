"""Wiper malware: machines stop, and what they stored is gone (AcidRain on KA-SAT's modems,
2022-02-24; Kyivstar, 2023-12-12). Set up again they have their key and nothing else."""

from holub_sim.attacks.actor import Actor


class Wiper(Actor):
    """Stops its relay and empties its disk; it comes back at the end."""

    def begin(self) -> None:
        """Stop it."""
        super().begin()
        host = self.means.host
        if host is not None:
            host.hold_down(silently=True, store="wiped")

    def end(self) -> None:
        """Set it up again."""
        super().end()
        if self.means.host is not None:
            self.means.host.let_up()
