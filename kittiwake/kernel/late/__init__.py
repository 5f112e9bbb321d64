"""Duplicates and late events: what is kept for corrections, and the corrections themselves."""
