"""Pixels and pens: find ink, decode pictures, draw strokes, vary handwriting."""
