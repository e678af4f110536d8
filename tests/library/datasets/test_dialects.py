"""However people write the same rows, the same images and labels are read, and it is said how."""

import gzip
import io
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest
from helpers.factories import PIXEL_HEADER, TRAIN_HEADER, digits, one_line, table_of
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from recognizer.datasets.formats.dialect import Adjustments
from recognizer.datasets.formats.orientation import orientation
from recognizer.datasets.reader import read_digits, read_table
from recognizer.errors import DataError
from recognizer.records import Digits


def drawn(n: int = 20) -> Digits:
    """Digits of a printed type, each a little elsewhere: light on black, with an empty border."""
    images = np.zeros((n, 28, 28), np.uint8)
    for number, image in enumerate(images):
        at = (7 + number % 3, 22 - number % 2)
        cv2.putText(image, str(number % 10), at, cv2.FONT_HERSHEY_SIMPLEX, 0.75, 255, 2)
    return Digits(images, (np.arange(n) % 10).astype(np.uint8))


SAMPLE = drawn()
FLAT = SAMPLE.images.reshape(len(SAMPLE), -1)
CSV = table_of(SAMPLE).decode()
ROWS = CSV.split("\n", 1)[1]
NAMES = [f"{row}x{column}" for row in range(1, 29) for column in range(1, 29)]


def text(
    header: list[str] | None,
    values: np.ndarray,
    between: str = ",",
    form: str = "%d",
    end: str = "",
) -> bytes:
    """Write cells as text."""
    lines = [between.join(header)] if header else []
    lines += [between.join(form % cell if form else str(cell) for cell in row) for row in values]
    return "".join(f"{line}{end}\n" for line in lines).encode()


def labelled(values: np.ndarray = FLAT) -> np.ndarray:
    return np.column_stack([SAMPLE.labels, values])


def last(values: np.ndarray = FLAT) -> np.ndarray:
    return np.column_stack([values, SAMPLE.labels])


def numbered(start: int) -> np.ndarray:
    return np.column_stack([np.arange(start, start + len(SAMPLE)), labelled()])


def shuffled() -> bytes:
    order = np.random.default_rng(1).permutation(785)
    names = np.array(TRAIN_HEADER.split(","))[order]
    return text(list(names), labelled()[:, order])


def decimal_commas() -> bytes:
    written = text(TRAIN_HEADER.split(","), labelled(FLAT / 255), ";", "%.6f")
    return written.replace(b".", b",")


def npz(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def png(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def folders() -> bytes:
    pairs = enumerate(zip(SAMPLE.images, SAMPLE.labels, strict=True))
    return zipped({f"digits/{label}/{number}.png": png(image) for number, (image, label) in pairs})


IMAGES, LABELS = SAMPLE.images, SAMPLE.labels
KINDS: dict[str, tuple[Callable[[], bytes], str]] = {  # with a part of what is said
    "no header": (ROWS.encode, "No header: taken as label, then 784 pixels"),
    "no header, label last": (lambda: text(None, last()), "784 pixels, then label"),
    "no header, numbered": (lambda: text(None, numbered(100)), "numbers the rows"),
    "1x1 to 28x28": (lambda: text(["label", *NAMES], labelled()), "named 1x1 to 28x28"),
    "pixels from 1": (
        lambda: text(["label", *[f"pixel{n}" for n in range(1, 785)]], labelled()),
        "pixel1 to pixel784",
    ),
    "upper case": (lambda: CSV.upper().encode(), ""),
    "class": (lambda: CSV.replace("label", "class", 1).encode(), "the column class"),
    "digit": (lambda: CSV.replace("label", "digit", 1).encode(), "the column digit"),
    "OpenML": (
        lambda: text([*[f"pixel{n}" for n in range(1, 785)], "class"], last()),
        "the label stands last",
    ),
    "numbered names": (lambda: text([f"V{n}" for n in range(1, 786)], labelled()), "then 784"),
    "names of pandas": (lambda: text([*map(str, range(785))], labelled()), "then 784 pixels"),
    "pandas' index": (
        lambda: text(["", *TRAIN_HEADER.split(",")], numbered(0)),
        "without a name is left out",
    ),
    "id": (
        lambda: text(["id", *TRAIN_HEADER.split(",")], numbered(1)),
        "id is left out",
    ),
    "gzip": (lambda: gzip.compress(ROWS.encode()), "No header"),
    "ImageId": (lambda: text(["ImageId", *TRAIN_HEADER.split(",")], numbered(1)), "ImageId"),
    "names of rows": (
        lambda: TRAIN_HEADER.encode() + b"\n" + text(None, numbered(1)),
        "names of the rows",
    ),
    "another order": (shuffled, "in the order of their names"),
    "semicolons": (lambda: CSV.replace(",", ";").encode(), "Semicolons"),
    "semicolons, BOM, CRLF": (
        lambda: ("\ufeff" + CSV.replace(",", ";").replace("\n", "\r\n")).encode(),
        "Semicolons",
    ),
    "decimal commas": (decimal_commas, "Semicolons"),
    "tabs": (lambda: CSV.replace(",", "\t").encode(), "Tabs"),
    "numpy.savetxt": (lambda: text(None, labelled(), " ", "%.18e"), "Blanks"),
    "sep=": (lambda: b"sep=,\r\n" + CSV.encode(), ""),
    "sep=;": (lambda: b"sep=;\n" + CSV.replace(",", ";").encode(), "Semicolons"),
    "UTF-16": (lambda: CSV.replace(",", "\t").encode("utf-16"), "UTF-16"),
    "UTF-16 without BOM": (lambda: CSV.encode("utf-16-le"), "UTF-16"),
    "BOM": (lambda: b"\xef\xbb\xbf" + CSV.encode(), ""),
    "old Mac": (lambda: CSV.replace("\n", "\r").encode(), ""),
    "a trailing comma": (
        lambda: text([*TRAIN_HEADER.split(",")], labelled(), end=","),
        "empty last column",
    ),
    "trailing commas below": (
        lambda: TRAIN_HEADER.encode() + b"\n" + text(None, labelled(), end=","),
        "comma too many",
    ),
    "a cleared last row": (lambda: CSV.encode() + b"," * 784 + b"\n", ""),
    "0.0": (lambda: text(TRAIN_HEADER.split(","), labelled(), form="%.1f"), ""),
    "1e+00": (lambda: text(TRAIN_HEADER.split(","), labelled(), form="%.18e"), ""),
    "floats to 1": (
        lambda: text(TRAIN_HEADER.split(","), labelled(FLAT / 255), form="%.5g"),
        "Values from 0 to 1",
    ),
    "floats from -1": (
        lambda: text(TRAIN_HEADER.split(","), labelled(FLAT / 127.5 - 1), form="%.5g"),
        "from -1 to 1",
    ),
    "a file in front": (
        lambda: text(
            ["filename", *TRAIN_HEADER.split(",")],
            np.column_stack([[f"a{n}.png" for n in range(20)], labelled().astype(str)]),
            form="",
        ),
        "filename is left out",
    ),
    "inverted": (lambda: text(TRAIN_HEADER.split(","), labelled(255 - FLAT)), "inverted"),
    "mnist.npz": (lambda: npz(x_train=IMAGES, y_train=LABELS, x_test=IMAGES[:3], y_test=LABELS[:3]),
                  "x_train"),
    "images and labels": (lambda: npz(images=FLAT, labels=np.eye(10)[LABELS]), "labels"),
    "one channel of floats": (
        lambda: npz(X=(IMAGES / 255).astype(np.float32)[..., None], y=LABELS.astype(int)),
        "from 0 to 1",
    ),
    "arr_0": (lambda: npz(arr_0=IMAGES, arr_1=LABELS), "arr_0"),
    ".npy of a table": (lambda: npy(labelled()), "then 784 pixels"),
    ".npy in Fortran's order": (lambda: npy(np.asfortranarray(labelled())), "then 784 pixels"),
    "IDX in a zip": (
        lambda: zipped({
            "train-images-idx3-ubyte.gz": gzip.compress(idx(IMAGES)),
            "train-labels-idx1-ubyte.gz": gzip.compress(idx(LABELS)),
            "t10k-images-idx3-ubyte": idx(IMAGES[:2]),
        }),
        "labels from train-labels",
    ),
    "a zip of folders": (folders, "labelled by their folders"),
    "32 by 32": (
        lambda: text(
            ["label", *[f"pixel{n}" for n in range(1024)]],
            labelled(np.pad(IMAGES, ((0, 0), (2, 2), (2, 2))).reshape(20, -1)),
        ),
        "32 × 32",
    ),
}  # fmt: skip


def rows_of(content: bytes) -> Digits:
    return read_digits(io.BytesIO(content))


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_rows_are_read_and_it_is_said_how(kind):
    make, said = KINDS[kind]
    read = read_table(io.BytesIO(make()))
    # folders group the digits
    order = np.lexsort((range(20), LABELS)) if "folders" in kind else np.arange(20)
    assert (read.digits.labels == LABELS[order]).all()
    assert (read.digits.images == IMAGES[order]).all()
    assert said in read.dialect.understood
    assert not read.dialect.doubted
    assert "\n" not in read.dialect.understood


UNLABELLED = {
    "784 columns without a header": (lambda: text(None, FLAT), "No header: taken as 784 pixels"),
    "ImageId and pixels": (
        lambda: text(
            ["ImageId", *PIXEL_HEADER.split(",")], np.column_stack([np.arange(1, 21), FLAT])
        ),
        "ImageId",
    ),
    "an array alone": (lambda: npy(IMAGES), ""),
    "a zip of pictures": (
        lambda: zipped({f"scan {number}.png": png(one) for number, one in enumerate(IMAGES)}),
        "taken as one digit each",
    ),
}


@pytest.mark.parametrize("kind", UNLABELLED)
def test_rows_without_labels_are_read_in_their_order(kind):
    make, said = UNLABELLED[kind]
    read = read_table(io.BytesIO(make()))
    assert read.digits.labels is None
    assert (read.digits.images == IMAGES).all()
    assert said in read.dialect.understood


@pytest.mark.parametrize("packed", ["plain", "gzip", "both"])
def test_labels_are_found_beside_images_in_idx(tmp_path, packed):
    for name, array in (("images-idx3", IMAGES), ("labels-idx1", LABELS)):
        content = idx(array)
        gzipped = packed == "gzip" or (packed == "both" and name == "images-idx3")
        suffix = ".gz" if gzipped else ""
        content = gzip.compress(content) if gzipped else content
        (tmp_path / f"t10k-{name}-ubyte{suffix}").write_bytes(content)
    path = next(tmp_path.glob("*images*"))
    read = read_table(path)
    assert (read.digits.images == IMAGES).all()
    assert (read.digits.labels == LABELS).all()
    with pytest.raises(DataError, match="labels and no images"):
        read_digits(next(tmp_path.glob("*labels*")))


def test_a_folder_of_pictures_is_read_in_the_order_of_their_numbers(tmp_path):
    for number, image in enumerate(IMAGES):
        (tmp_path / f"scan {number}.png").write_bytes(png(image))
    read = read_table(tmp_path)
    assert read.digits.labels is None
    assert (read.digits.images == IMAGES).all()
    (tmp_path / "3").mkdir()
    (tmp_path / "3" / "one.png").write_bytes(png(IMAGES[3]))
    with pytest.raises(DataError, match="lies in none of the folders"):
        read_digits(tmp_path)


def test_test_rows_of_an_npz_are_read_where_they_are_asked_for():
    content = npz(x_train=IMAGES, y_train=LABELS, x_test=IMAGES[:3], y_test=LABELS[:3])
    assert len(read_digits(io.BytesIO(content), member="test.csv")) == 3


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from(["label", "class", "digit", "Label", None]),
    st.booleans(),
    st.sampled_from(["", "id", "index", None]),
    st.sampled_from(["%d", "%.1f", "%.6e", "scaled"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "sep", "cleared", "no header"]),
)
def test_every_dialect_of_the_same_rows_gives_the_same_pixels(
    between, encoding, label, is_last, index, form, end, extra
):
    values = FLAT / 255 if form == "scaled" else FLAT
    names, cells = PIXEL_HEADER.split(","), values
    if label:
        at = 784 if is_last else 0
        names = np.insert(np.array(names, object), at, label)
        cells = np.insert(cells.astype(float), at, LABELS, axis=1)
    if index is not None and not (extra == "no header" and label is None):
        names = [index, *names]
        cells = np.column_stack([np.arange(100, 120), cells])
    header = None if extra == "no header" else list(names)
    written = text(header, cells, between, "%.7g" if form == "scaled" else form)
    written = b"sep=" + between.encode() + b"\n" + written if extra == "sep" else written
    written += between.encode() * (len(names) - 1) + b"\n" if extra == "cleared" else b""
    read = rows_of(written.decode().replace("\n", end).encode(encoding))
    assert (read.images == IMAGES).all()
    assert read.labels is None if label is None else (read.labels == LABELS).all()


class TestPixels:
    def test_zeros_and_ones_are_scaled_and_said_loudly(self):
        read = read_table(io.BytesIO(text(TRAIN_HEADER.split(","), labelled(FLAT > 127))))
        assert (read.digits.images == np.where(IMAGES > 127, 255, 0)).all()
        assert [notice.settled for notice in read.dialect.notices] == [True]

    @pytest.mark.parametrize(("levels", "most"), [(16, 15), (17, 16), (8, 7)])
    def test_coarse_greys_are_scaled(self, levels, most):
        coarse = np.rint(FLAT / 255 * most)
        read = read_table(io.BytesIO(text(TRAIN_HEADER.split(","), labelled(coarse))))
        assert np.abs(read.digits.images - IMAGES.astype(float)).max() <= 255 / most / 2 + 1

    def test_pale_values_are_left_and_doubted_with_the_way_out(self):
        read = read_table(io.BytesIO(text(TRAIN_HEADER.split(","), labelled(FLAT // 3))))
        assert read.dialect.doubted
        (notice,) = read.dialect.notices
        assert notice.option == "--scale 85"
        again = read_table(
            io.BytesIO(text(TRAIN_HEADER.split(","), labelled(FLAT // 3))),
            adjustments=notice.remedy,
        )
        assert (again.digits.images == FLAT.reshape(-1, 28, 28) // 3 * 3).all()

    def test_transposed_digits_are_turned_back(self):
        across = IMAGES.transpose(0, 2, 1).reshape(20, -1)
        content = text(None, labelled(across))
        read = read_table(io.BytesIO(content))
        assert (read.digits.images == IMAGES).all()
        (notice,) = read.dialect.notices
        assert notice.option == "--no-transpose"
        kept = read_table(io.BytesIO(content), adjustments=Adjustments(transpose=False))
        assert (kept.digits.images == IMAGES.transpose(0, 2, 1)).all()

    def test_a_mixture_of_dark_and_light_is_doubted(self):
        mixed = np.concatenate([FLAT[:10], 255 - FLAT[10:]])
        read = read_table(io.BytesIO(text(TRAIN_HEADER.split(","), labelled(mixed))))
        assert read.dialect.doubted
        assert (read.digits.images.reshape(20, -1) == mixed).all()

    def test_digits_upside_down_are_doubted(self):
        assert read_table(io.BytesIO(table_of(replace(SAMPLE, images=IMAGES[:, ::-1, ::-1])))
                          ).dialect.doubted  # fmt: skip

    def test_rows_in_kaggles_form_are_never_touched(self):
        read = read_table(io.BytesIO(CSV.encode()))
        assert read.dialect.understood == ""
        assert read.dialect.notices == ()
        noise = digits(40)
        assert (read_digits(io.BytesIO(table_of(noise))).images == noise.images).all()

    def test_few_rows_say_nothing_of_the_orientation(self):
        assert orientation(IMAGES[:5].transpose(0, 2, 1), None) == "upright"

    def test_small_images_are_brought_to_mnists_size(self):
        small = np.stack([cv2.resize(image, (8, 8), interpolation=cv2.INTER_AREA)
                          for image in IMAGES[:, 4:24, 4:24]])  # fmt: skip
        values = np.rint(small / 255.0 * 16).reshape(20, -1)
        read = read_table(io.BytesIO(text(None, last(values))))
        assert read.digits.images.shape == (20, 28, 28)
        assert read.digits.images.any(axis=(1, 2)).all()
        assert "8 × 8" in read.dialect.understood


REFUSED = {
    "a submission": (b"ImageId,Label\n1,2\n2,0\n", "This is a submission"),
    "probabilities": (b"ImageId,p0,p1,p2,p3,p4,p5,p6,p7,p8,p9\n", "This is a submission"),
    "a picture": (png(IMAGES[0]), "This is a picture (PNG)"),
    "Excel": (zipped({"[Content_Types].xml": b"", "xl/workbook.xml": b""}), "an Excel workbook"),
    "old Excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "an old Excel workbook"),
    "a web page": (b"<!DOCTYPE html>\n<html>", "a web page"),
    "JSON": (b'{"label": [1, 2]}', "JSON"),
    "a pickle": (b"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00", "can hold code"),
    "nothing": (b"", "is empty"),
    "an empty zip": (zipped({}), "an empty zip"),
    "a zip of a text alone": (zipped({"read.txt": b"hello"}), "In the zip, read.txt was read: The"),
    "a zip that is cut": (zipped({"a.csv": CSV.encode()})[:-99], "damaged or cut short"),
    "a video": (b"\0\0\0\x18ftypisom" + bytes(99), "a video"),
    "bytes of no known kind": (b"\0\0\x0d\x05" + bytes(99), "neither text nor"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(64), "HDF5"),
    "an array of objects": (npy(np.array([None, {}], object)), "holds Python objects"),
    "fewer labels than images": (
        npz(x_train=IMAGES, y_train=LABELS[:-1]),
        "x_train has 20 images and y_train 19 labels",
    ),
    "a zip with a password": (
        zipped({"a.csv": b"1"})
        .replace(b"PK\1\2\x14\3\x14\0\0", b"PK\1\2\x14\3\x14\0\1")
        .replace(b"PK\3\4\x14\0\0", b"PK\3\4\x14\0\1"),
        "is protected by a password",
    ),
    "an array of another shape": (npy(np.zeros((3, 5))), "expected"),
    "IDX that is cut": (idx(IMAGES)[:-9], "cut short"),
    "empty rows in between": (
        CSV.replace("\n", "\n" + "," * 784 + "\n", 2).encode(),
        "Row 1 has only empty cells",
    ),
    "two columns of labels": (
        text(["label", "class", *PIXEL_HEADER.split(",")], np.column_stack([LABELS, labelled()])),
        "may all be the label",
    ),
    "no label among the columns": (
        text(None, np.column_stack([np.full(20, 77), FLAT])),
        "has no header and 785 columns",
    ),
    "beyond the range": (
        text(TRAIN_HEADER.split(","), labelled(FLAT * 3.0), form="%.1f"),
        ".0': expected an integer from 0 to 255",
    ),
    "not a number": (CSV.encode().replace(b"\n0,0", b"\n0,nan", 1), "Row 1, column 2 holds 'nan'"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_table_of_digits_is_named_in_one_sentence(kind):
    content, said = REFUSED[kind]
    with pytest.raises(DataError) as caught:
        rows_of(content)
    assert said in one_line(caught.value)
