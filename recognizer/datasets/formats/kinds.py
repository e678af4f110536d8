"""Files that are no tables of digits, by their first bytes, and what to do about each."""

from collections.abc import Collection

from recognizer.errors import DataError
from recognizer.imaging.formats import VIDEO_BRANDS

_AS_CSV = "save it as CSV and give that"
_PICTURE = (
    "give tables here; one picture is read on the Draw page or by `python -m recognizer read`, "
    "many as a zip"
)
_VIDEO = "choose another file"
_UNPACK = "unpack it first, or pack it with gzip or zip"
_STARTS = (
    (b"\x89PNG\r\n", "a picture (PNG)", _PICTURE),
    (b"\xff\xd8\xff", "a picture (JPEG)", _PICTURE),
    (b"GIF8", "a picture (GIF)", _PICTURE),
    (b"II*\0", "a picture (TIFF)", _PICTURE),
    (b"MM\0*", "a picture (TIFF)", _PICTURE),
    (b"BM", "a picture (BMP)", _PICTURE),
    (b"%PDF", "a PDF", "save its table as CSV, or its pages as pictures"),
    (b"PK\x05\x06", "an empty zip", "put the table into it and give it again"),
    (b"\x1a\x45\xdf\xa3", "a video", _VIDEO),
    (b"version https://git-lfs", "a Git LFS pointer", "get the file itself by `git lfs pull`"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", _AS_CSV),
    (b"SQLite format 3", "an SQLite database", _AS_CSV),
    (b"\x89HDF\r\n", "an HDF5 file", "save its images as .npz and give that"),
    (b"MATLAB 5.0", "a MATLAB file", "save its images as .npz and give that"),
    (b"\x80\x02", "a pickle, which can hold code", "save it as .npz and give that"),
    (b"\x80\x03", "a pickle, which can hold code", "save it as .npz and give that"),
    (b"\x80\x04", "a pickle, which can hold code", "save it as .npz and give that"),
    (b"\x80\x05", "a pickle, which can hold code", "save it as .npz and give that"),
    (b"ARROW1", "a Feather file", "save it as Parquet or CSV and give that"),
    (b"BZh", "a file packed with bzip2", _UNPACK),
    (b"\xfd7zXZ", "a file packed with xz", _UNPACK),
    (b"7z\xbc\xaf", "a 7z archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a file packed with Zstandard", _UNPACK),
    (b"{", "JSON", _AS_CSV),
    (b"[", "JSON", _AS_CSV),
    (b"<", "a web page or XML", "download the file itself"),
    (b"@relation", "an ARFF file", _AS_CSV),
    (b"% ", "an ARFF file", _AS_CSV),
)
_TAR = (257, b"ustar")
_WEBP = (8, b"WEBP")


def refusal(head: bytes) -> DataError | None:
    """Return why a file of these first bytes is not read; None for what may be a table."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n\t ")
    if head[_TAR[0] :].startswith(_TAR[1]):
        return _refused("a tar archive", _UNPACK)
    if head[_WEBP[0] :].startswith(_WEBP[1]):
        return _refused("a picture (WebP)", _PICTURE)
    if head[4:8] == b"ftyp" and head[8:12] in VIDEO_BRANDS:
        return _refused("a video", _VIDEO)
    if head[4:8] == b"ftyp":
        return _refused("a picture (HEIC or AVIF)", _PICTURE)
    for sign, kind, remedy in _STARTS:
        if head.startswith(sign) or start.lower().startswith(sign):
            return _refused(kind, remedy)
    return None


def refusal_of_archive(names: Collection[str]) -> DataError | None:
    """Return why a zip that holds these files is not read; None for what may be tables."""
    if "xl/workbook.xml" in names:
        return _refused("an Excel workbook", _AS_CSV)
    if "mimetype" in names and "content.xml" in names:
        return _refused("an OpenDocument file", _AS_CSV)
    if "word/document.xml" in names:
        return _refused("a Word document", _AS_CSV)
    if any(name.endswith(("/data.pkl", ".pkl")) for name in names):
        return _refused("a PyTorch file, which can hold code", "save it as .npz and give that")
    if "config.json" in names and any(name.endswith(".weights.h5") for name in names):
        return _refused("a Keras model", "give a table of digits; a model is adopted by "
                        "`python -m recognizer adopt`")  # fmt: skip
    return None


def _refused(kind: str, remedy: str) -> DataError:
    return DataError(f"This is {kind}; expected a table of digits: {remedy}.")
