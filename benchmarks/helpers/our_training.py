"""Our training loop beside `baselines/two_block_fit.py`. Prints one JSON line an epoch.

python -m benchmarks.helpers.our_training ROWS.npz ARCHITECTURE EPOCHS
"""

import json
import sys
from dataclasses import replace

import numpy as np

from recognizer.architectures import ARCHITECTURES, network_input
from recognizer.records import Digits, TrainingConfig
from recognizer.training import loop
from recognizer.training.events import BatchLog, EpochEnd

WATCHED = 500  # validation rows: they cost the same seconds as in any training


def main(file: str, name: str, epochs: str) -> None:
    """Train by the architecture's quick recipe, and say after each epoch how far it is."""
    rows = np.load(file)
    config = replace(ARCHITECTURES[name].recipe, epochs=int(epochs))
    digits = Digits(rows["images"], rows["labels"])
    watched = Digits(rows["images"][:WATCHED], rows["labels"][:WATCHED])
    for line in follow(config, digits, watched, Digits(rows["held_images"], rows["held_labels"])):
        print(json.dumps(line), flush=True)


def follow(config: TrainingConfig, digits: Digits, watched: Digits, held_out: Digits):
    """Yield epoch, training seconds with readings aside, and held-out accuracy, epoch by epoch."""
    seconds, seen = 0.0, 0
    for event in loop.train(config, digits, watched):
        if isinstance(event, BatchLog):
            now = min(event.batch * config.batch_size, len(digits))
            seconds += (now - seen) / event.images_per_second
            seen = 0 if event.batch == event.batches else now
        if isinstance(event, EpochEnd):
            read = event.network.predict(network_input(held_out.images), verbose=0).argmax(axis=1)
            right = float((read == held_out.labels).mean())
            yield {"epoch": event.log.epoch, "seconds": seconds, "accuracy": right}


if __name__ == "__main__":
    main(*sys.argv[1:])
