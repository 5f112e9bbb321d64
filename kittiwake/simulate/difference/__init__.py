"""What two rule sets decide differently with the same events, by rule and cause."""
