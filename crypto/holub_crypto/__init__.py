"""Identity, signatures, trust and link secrecy: nothing here reads a clock or a socket."""
