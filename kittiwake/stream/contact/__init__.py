"""One contact in a streaming job: its state, its timers, and what a firing timer does."""
