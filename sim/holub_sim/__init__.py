"""The simulator: the same node, driven by a heap of events instead of clocks and sockets."""
