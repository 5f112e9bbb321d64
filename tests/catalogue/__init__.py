"""Many random accounts with catalogue rules, host by host."""
