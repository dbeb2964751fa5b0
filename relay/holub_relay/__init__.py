"""The relay daemon: sockets, clocks, disk and pages around the node."""
