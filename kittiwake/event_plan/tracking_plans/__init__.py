"""Tracking plans: JSON Schemas of events, by the formats in which tools keep them, into an event plan."""
