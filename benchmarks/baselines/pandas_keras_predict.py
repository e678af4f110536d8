"""A submission as people write it today: pandas, Keras, `predict`, `to_csv`.

python benchmarks/baselines/pandas_keras_predict.py test.csv model.keras submission.csv
"""

import sys

import keras
import pandas as pd

table, model, submission = sys.argv[1:]
test = pd.read_csv(table)
images = test.values.reshape(-1, 28, 28, 1).astype("float32") / 255
probabilities = keras.models.load_model(model).predict(images, verbose=0)
labels = probabilities[:, :10].argmax(axis=1)  # an eleventh output is "not a digit"
ids = range(1, len(labels) + 1)
pd.DataFrame({"ImageId": ids, "Label": labels}).to_csv(submission, index=False)
