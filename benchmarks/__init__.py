"""The same job done by Kittiwake and by the tools one would otherwise use, side by side in one run.

`python -m benchmarks --quick` runs it; `docs/explanation/benchmarks.md` says what is measured and how.
"""
