"""Soak and storm: many people at once."""
