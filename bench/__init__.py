"""Benchmarks: each checks its answers while it times them, and runs as ``python -m bench.NAME``."""
