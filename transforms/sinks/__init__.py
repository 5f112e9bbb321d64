"""Where the streaming job writes: one file a sink."""
