"""The parts of `make bench`, one a module."""
