"""What `make bench` measures; see `benchmarks/__main__.py`."""
