"""What millstream costs and what it gains, measured beside its peers in the same run: `python -m tests.benchmarks`."""
