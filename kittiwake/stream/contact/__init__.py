"""One contact in a streaming job: its state cell, its timers, and what a firing timer does."""
