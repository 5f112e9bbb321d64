"""Feeds in a stream: contacts that wait are notified when one falls silent and is back (ADR 0031), without Beam."""
