"""What is measured of events: bounded, independent of their order, and added up from parts."""
