"""Input shapes: records of other systems as the fields of our own. `base` has the table of them."""
