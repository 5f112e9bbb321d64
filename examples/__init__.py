"""Examples that run: `make demo` runs them all, the tests run them small. Nothing imports this folder."""
