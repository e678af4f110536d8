"""Pictures instead of a table of digits: of numbers, or of filled-in forms."""
