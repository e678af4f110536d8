"""Trainings that go on from a model: with more of its own digits, or with a class's."""
