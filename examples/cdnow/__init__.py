"""Purchases that happened: the CD buyers of 1997–98, as events, with rules and their scenarios."""
