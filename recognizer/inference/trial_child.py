"""The process in which a file is tried: `-m recognizer.inference.trial_child FILE BYTES`."""

import sys
from pathlib import Path

import numpy as np

from recognizer.architectures import network_input
from recognizer.errors import ModelError, reason
from recognizer.inference.recognizer import BATCH, _Interpreter
from recognizer.inference.trial import TOLD
from recognizer.records import IMAGE_SIZE
from recognizer.system.process import silence_native_stderr

SLACK = 0.05  # that the probabilities of an image may add up to more or less than 1


def main(tflite: Path, memory: int) -> int:
    """Load a file and read with it, one image and a batch; return the exit status."""
    from ai_edge_litert.interpreter import Interpreter  # noqa: F401 (before the limit)

    limit_memory(memory + 8 * tflite.stat().st_size)
    try:
        with silence_native_stderr():
            for images in (1, BATCH):
                check(_Interpreter(tflite, images=images, threads=1), images)
    except MemoryError:
        report(f"it takes more than {memory // 1_000_000:,} MB of memory")
        return TOLD
    except ModelError as error:  # LiteRT does not say whether it is for want of memory
        report(f"{reason(error.__cause__)}, with {memory // 1_000_000:,} MB of memory")
        return TOLD
    except Exception as error:  # whatever a damaged file makes of it
        report(reason(error))
        return TOLD
    return 0


def check(network: _Interpreter, images: int) -> None:
    """Read blank, full and noisy images.

    Raises:
        ValueError: what comes out are no probabilities.
    """
    noise = np.random.default_rng(0).integers(0, 256, (images, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    outputs = np.empty((images, network.outputs), np.float32)
    for rows in (np.zeros_like(noise), np.full_like(noise, 255), noise):
        network(network_input(rows), outputs)
        if not np.isfinite(outputs).all():
            raise ValueError("it gives no numbers")
        if outputs.min() < -SLACK or np.abs(outputs.sum(axis=1) - 1).max() > SLACK:
            raise ValueError("what it gives are no probabilities")


def report(problem: str) -> None:
    """Say what is wrong, on a line of its own."""
    sys.stdout.write(f"{problem}\n")
    sys.stdout.flush()


def limit_memory(more: int) -> None:
    """Let this process take so many bytes more than it has; nothing on Windows."""
    try:
        import resource
    except ImportError:
        return
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    except OSError:  # no Linux: what the libraries have taken is not known
        pages = 1_000_000
    most = pages * resource.getpagesize() + more
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    if hard == resource.RLIM_INFINITY or most < hard:
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
