"""One person's handwriting: a model that also knows how they write, without training.

mine = adapt(recognizer, images, labels)  # has the same predict, digit_scores and read
"""

from recognizer.adaptation.adapted import AdaptedRecognizer, adapt

__all__ = ["AdaptedRecognizer", "adapt"]
