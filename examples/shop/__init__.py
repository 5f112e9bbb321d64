"""A shop that does not exist: a seeded clickstream, its rules and their scenarios."""
