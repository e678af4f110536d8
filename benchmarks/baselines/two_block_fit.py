"""two-block as its source would train it: Adam, batch 128, `fit`. Prints one JSON line an epoch.

python benchmarks/baselines/two_block_fit.py ROWS.npz EPOCHS
"""

import json
import sys
import time

import keras
import numpy as np
from keras import layers

rows, epochs = np.load(sys.argv[1]), int(sys.argv[2])
images = rows["images"][..., np.newaxis].astype("float32") / 255
held_images = rows["held_images"][..., np.newaxis].astype("float32") / 255
keras.utils.set_random_seed(1)

model = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, 5, padding="same", activation="relu"),
        layers.Conv2D(32, 5, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Dropout(0.25),
        layers.Conv2D(64, 3, padding="same", activation="relu"),
        layers.Conv2D(64, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Dropout(0.25),
        layers.Flatten(),
        layers.Dense(256, activation="relu"),
        layers.Dropout(0.5),
        layers.Dense(10, activation="softmax"),
    ]
)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])

seconds = 0.0
for epoch in range(1, epochs + 1):
    started = time.monotonic()
    model.fit(images, rows["labels"], batch_size=128, epochs=1, verbose=0)
    seconds += time.monotonic() - started
    read = model.predict(held_images, verbose=0).argmax(axis=1)
    right = float((read == rows["held_labels"]).mean())
    print(json.dumps({"epoch": epoch, "seconds": seconds, "accuracy": right}), flush=True)
