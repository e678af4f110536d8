"""The forms in which people keep digits, and how each is understood."""
