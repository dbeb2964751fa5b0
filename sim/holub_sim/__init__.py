"""The simulator: the same node under outages and attacks, seeded and replayable."""
