"""Read handwritten digits: from ink to a 28x28 picture, from the picture to a digit.

Nothing heavy is imported here: `import recognizer` costs no OpenCV, no LiteRT and no Keras.
A module imports only modules of a lower rank; tests/test_ranks.py holds the table.
"""
