"""Events as a shop of any size sends them, at a set rate: into a topic of Pub/Sub, a file or standard output.

`python -m benchmarks.load --help` says how; `docs/explanation/scale.md` what for. What is generated is a pure function
of the settings, of which the seed is one: `settings` says what they are, `arrivals` when a message is due, `sessions`
what people do, `messages` what is sent. `pacing` and `publishing` have the clock and the service.
"""
