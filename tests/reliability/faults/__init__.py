"""What may happen to the app while it works: each module a kind of fault, at random moments.

A fault's function takes the world, a number of moments and a random generator, and returns how many
moments there were; it raises where something was lost, or told otherwise than in a sentence.
"""
