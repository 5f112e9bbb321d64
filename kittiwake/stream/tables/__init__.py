"""The tables of a streaming job in BigQuery, and the rows that go into them, as data."""
