"""What the kernel remembers of one contact, as values; their bytes; and the steps of a trace."""
