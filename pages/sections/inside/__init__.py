"""The parts of the Inside page."""
