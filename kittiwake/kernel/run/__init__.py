"""One contact passing through time: what events and deadlines do to its state, and which decisions they cause."""
