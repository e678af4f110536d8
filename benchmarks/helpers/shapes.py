"""Digits of one stroke, drawn by us: for what is timed, where any digit will do."""

import numpy as np

SHAPES = {  # arrays of shape (1, n, 2), float32, as in recognizer.drawings.Drawing
    digit: np.float32([corners])
    for digit, corners in {
        "1": [(380, 200), (560, 0), (560, 500), (560, 1000)],
        "2": [(150, 250), (300, 40), (600, 0), (800, 180), (700, 480), (150, 1000), (850, 1000)],
        "3": [(200, 80), (700, 60), (760, 280), (450, 470), (800, 700), (600, 980), (180, 930)],
        "7": [(150, 0), (500, 0), (850, 0), (700, 350), (550, 700), (430, 1000)],
    }.items()
}
