"""Input shapes: foreign records (Segment, CloudEvents) as the fields of our own. `base` has the table of them."""
