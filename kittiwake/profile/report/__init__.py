"""What a profile says: the event plan, what to check in sentences, and the files they are written to."""
