"""Measures every budget of the design with one command, `python -m benchmarks`; see docs/benchmarks.md."""
