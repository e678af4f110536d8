"""Commands about people: whose handwriting is kept, and classes."""
