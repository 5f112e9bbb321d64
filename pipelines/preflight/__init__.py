"""What would keep a job from running, found before it is launched."""
