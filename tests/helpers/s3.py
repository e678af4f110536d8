"""An S3 server on this machine: moto's, on a free port of the loopback."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from moto.server import ThreadedMotoServer
from pyarrow import fs

BUCKET = "digits"
KEYS = {  # of nobody
    "AWS_ACCESS_KEY_ID": "someone",
    "AWS_SECRET_ACCESS_KEY": "something",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


class Bucket:
    """An empty bucket."""

    def __init__(self) -> None:
        self.system, _ = fs.FileSystem.from_uri("s3://x?allow_bucket_creation=true")
        self.system.create_dir(BUCKET)

    def put(self, key: str, content: bytes) -> str:
        """Write an object; return its address."""
        with self.system.open_output_stream(f"{BUCKET}/{key}") as file:
            file.write(content)
        return f"s3://{BUCKET}/{key}"

    def get(self, key: str) -> bytes:
        with self.system.open_input_stream(f"{BUCKET}/{key}") as file:
            return file.read()

    @property
    def keys(self) -> set[str]:
        """Every object's key, hidden ones too."""
        found = self.system.get_file_info(fs.FileSelector(BUCKET, recursive=True))
        return {one.path.removeprefix(f"{BUCKET}/") for one in found if one.is_file}


@contextmanager
def served() -> Iterator[Bucket]:
    """Serve an empty bucket, and point everyone's Amazon settings to it."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patched:
        for name, value in {**KEYS, "AWS_ENDPOINT_URL": f"http://{host}:{port}"}.items():
            patched.setenv(name, value)
        yield Bucket()
    server.stop()
