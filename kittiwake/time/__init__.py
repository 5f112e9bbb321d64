"""Time as the product counts it: integer microseconds since 1970 UTC. No clock in here."""
