"""Shapes of records that others write: one file an adapter, each a pure function to the canonical fields."""
