"""Digits, tables and models for tests, made up on the spot."""

import base64
import hashlib
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from recognizer.datasets.corrections import Correction
from recognizer.jobs.records import Job, State
from recognizer.models.card import Drawn, ModelCard, RejectionThreshold
from recognizer.records import Digits, EpochLog, TrainingConfig, TrainingData

PIXEL_HEADER = ",".join(f"pixel{i}" for i in range(784))
TRAIN_HEADER = "label," + PIXEL_HEADER

HEIC = zlib.decompress(  # 64 x 64 pixels, a black square on white: Pillow cannot write one
    base64.b64decode(
        "eNpjYGCQSSupLMhIzUxmAILczDRDEDs3MzGNgYExLDe1JJEBAhQzUnKKoGyGgszkEgY0oJSZkw82xMWBgREIgYCx"
        "CkIDgQIQK2dm5qWBeSBRUSAnlQnKyyhLNgQx+QoyS3LhSq5lFhQVAOntmQXJ+UC6AqjMmZEZJDQBrEjuA8Ofvz9+"
        "MDDwMycAdUg4MPIw/v8PUsAMUsEMQnK7mBwSgZLaToyMaDILFBpZp73y1FyXxyTFwwESOgEiOBySgOrZXRgPFm1Q"
        "cgBaI5ycn1OUl5xTARTmZWBrAAqJZBYXpEL95gDFAgWZFZkgAWYODqBpDOKZBbmw4AOGCEsjEzMLkKmRm5IICj0Z"
        "Dcb1kg3fJ7yed/lFf/7/ZyFe8bcqJ+20ON6X2dcAAGxIT9s="
    )
)

CARD = ModelCard(
    name="mine",
    architecture="single-conv",
    parameters=564_534,
    accuracy=0.9,
    n=1_000,
    interval=(0.88, 0.92),
    data=TrainingData(("train.csv",), "ab" * 32, 10_000, 9_000, "CC BY-SA 3.0"),
    config=TrainingConfig(architecture="single-conv"),
    history=(EpochLog(1, 0.5, 0.8, 12.5), EpochLog(2, 0.25, 0.9, 12.0)),
    created="2026-01-02T03:04:05+00:00",
    hardware="2 x86_64 cores, linux",
    versions={"python": "3.11.7", "keras": "3.15.1"},
    sha256={},
)

CONFIG = TrainingConfig("single-conv", epochs=4, batch_size=10)  # of `job`
BATCHES = 20  # an epoch

DOUBTING = replace(
    CARD,
    drawn=Drawn(0.94, 500, (0.9, 0.96), "random", "strokes.jsonl, third part of the writers"),
    rejection=RejectionThreshold(0.6, digits=0.01, digits_n=500, others=0.98, others_n=300),
)


def digits(n: int, seed: int = 0) -> Digits:
    """n noisy pictures whose label anyone can tell: a bar in the label's own place."""
    random = np.random.default_rng(seed)
    labels = (np.arange(n) % 10).astype(np.uint8)
    images = random.integers(0, 60, (n, 28, 28), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        left, top = 5 * (label % 5) + 1, 14 * (label // 5) + 1
        image[top : top + 12, left : left + 4] = random.integers(200, 256)
    return Digits(images, labels)


def row(*first: object) -> str:
    """A row of train.csv: these cells, and zeros up to the 785th."""
    return ",".join([*map(str, first), *["0"] * (785 - len(first))])


def table(*rows: str, header: str = TRAIN_HEADER, end: str = "\n") -> bytes:
    """A CSV file of these rows."""
    return "".join(line + end for line in (header, *rows)).encode()


def table_of(sample: Digits) -> bytes:
    """A train.csv of these digits, or a test.csv when they have no labels."""
    pixels = sample.images.reshape(len(sample), -1).tolist()
    if sample.labels is None:
        return table(*(",".join(map(str, cells)) for cells in pixels), header=PIXEL_HEADER)
    cells = zip(sample.labels.tolist(), pixels, strict=True)
    return table(*(",".join(map(str, [label, *values])) for label, values in cells))


def model_files(folder: Path, content: bytes = b"weights") -> dict[str, str]:
    """Write the two files of a model that no one will load; return their SHA-256."""
    folder.mkdir(parents=True, exist_ok=True)
    hashes = {}
    for name in ("model.keras", "model.tflite"):
        (folder / name).write_bytes(content + name.encode())
        hashes[name] = hashlib.sha256(content + name.encode()).hexdigest()
    return hashes


def model(folder: Path, accuracy: float = 0.9, content: bytes = b"weights") -> Path:
    """Write a whole model's folder by hand."""
    hashes = model_files(folder, content)
    card = replace(CARD, name=folder.name, accuracy=accuracy, sha256=hashes)
    (folder / "card.json").write_text(card.to_json())
    return folder


def one_line(error: object) -> str:
    """Return the message, having checked that it is one sentence on one line."""
    message = str(error)
    assert "\n" not in message
    assert 20 < len(message) < 400, message
    assert message.endswith("."), message
    return message


def correction(number: int, **other: object) -> Correction:
    """A correction of the sample's picture of that number; later numbers are later."""
    plain = Correction(
        id=f"drawing-{number}",
        time=f"2026-01-02T03:04:{number:02}+00:00",
        label=number,
        read_as=9,
        confidence=0.75,
        model="two-block",
        strokes=[[(1.5, 2.0), (3.0, 4.5)], [(7.0, 7.0)]],
        image=digits(4).images[number],
    )
    return replace(plain, **other)


def job(**values) -> Job:
    usual = {
        "id": "0123abcd",
        "name": "mine",
        "config": CONFIG,
        "tables": (),
        "models_dir": None,
        "state": State.RUNNING,
        "created": "2026-01-01T00:00:00+00:00",
        "started": None,
        "finished": None,
        "message": "",
        "step": 0,
        "steps": CONFIG.epochs * BATCHES,
        "epoch": 0,
        "published": None,
    }
    return Job(**{**usual, **values})


def asking_for(tflite: bytes, side: int) -> bytes:
    """A network that also fills a matrix of side x side float32, which nothing reads."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(tflite, 0))
    graph = model.subgraphs[0]

    def tensor(values: np.ndarray | None, kind: int, shape: list[int]) -> int:
        buffer, made = schema.BufferT(), schema.TensorT()
        buffer.data = None if values is None else np.frombuffer(values.tobytes(), np.uint8)
        model.buffers.append(buffer)
        made.shape, made.type, made.buffer = shape, kind, len(model.buffers) - 1
        made.name = f"made {made.buffer}".encode()
        graph.tensors.append(made)
        return len(graph.tensors) - 1

    fill, code = schema.OperatorT(), schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.FILL
    code.version = 1
    model.operatorCodes.append(code)
    fill.opcodeIndex = len(model.operatorCodes) - 1
    fill.inputs = [
        tensor(np.int32([side, side]), schema.TensorType.INT32, [2]),
        tensor(np.float32(1), schema.TensorType.FLOAT32, []),
    ]
    fill.outputs = [tensor(None, schema.TensorType.FLOAT32, [side, side])]
    fill.builtinOptionsType = schema.BuiltinOptions.FillOptions
    fill.builtinOptions = schema.FillOptionsT()
    graph.operators.append(fill)
    builder = flatbuffers.Builder(len(tflite))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def stored(folder: Path, tflite: bytes, card: ModelCard) -> Path:
    """Put a model into a models folder by hand, with a card that confirms its files."""
    place = folder / card.name
    place.mkdir(parents=True)
    contents = {"model.tflite": tflite, "model.keras": b"not looked into"}
    for name, content in contents.items():
        (place / name).write_bytes(content)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    (place / "card.json").write_text(replace(card, sha256=hashes).to_json())
    return place
