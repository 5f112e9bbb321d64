"""Source: the text of a rules file as a tree that remembers its locations, and that tree as models."""
