"""What compiled code does of a batch after reading: contacts whose rules are plain waits, gathered and decided."""
