"""Feeds of bounded input: what their events cover, and how they have done."""
