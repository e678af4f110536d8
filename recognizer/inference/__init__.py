"""A loaded model: read one digit, or tables of any length."""

from recognizer.inference.recognizer import Recognizer
from recognizer.inference.streaming import predict_pieces

__all__ = ["Recognizer", "predict_pieces"]
