"""Attackers: what they do on their machines and links, and the table of them."""
