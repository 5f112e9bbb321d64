"""What the mains ask of Google's services."""
