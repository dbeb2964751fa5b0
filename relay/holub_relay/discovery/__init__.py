"""Finding other relays: whatever is found is a hint, and only a handshake tells who is there."""
