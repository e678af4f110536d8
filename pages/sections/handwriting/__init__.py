"""The parts of the Handwriting page."""
