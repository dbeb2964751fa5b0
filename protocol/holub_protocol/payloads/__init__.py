"""Large payloads: what a message is too small for, in chunks that each prove themselves."""
