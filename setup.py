"""The shim Dataflow's `--setup_file` wants; `pyproject.toml` is the truth."""

from setuptools import setup

setup()
