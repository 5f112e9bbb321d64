"""Items in a stream: the join of contacts with the items they are interested in (ADR 0026), without Beam."""
