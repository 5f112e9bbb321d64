"""Where a streaming job has its rules from, and which are in force as far as it knows."""
