"""The demo of the streaming job: a shop's events go in, triggers come out, and a person watches."""
