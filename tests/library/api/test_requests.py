"""The API reads as the library does, and says what is wrong in one sentence."""

import io
import json
import re
import subprocess
import sys

import cv2
import numpy as np
import pytest
from helpers.factories import correction, digits, one_line, row, table, table_of
from helpers.pen_strokes import one_of_each
from helpers.servers import ask, form

from recognizer.__main__ import main
from recognizer.api import app as api
from recognizer.api import bodies, prediction
from recognizer.datasets.corrections import Corrections
from recognizer.datasets.submissions import probabilities_bytes, submission_bytes
from recognizer.imaging.strokes import render
from recognizer.inference import Recognizer
from recognizer.models import registry
from recognizer.numbers import read_numbers
from recognizer.system import home as system_home

READ, PREDICT, MODELS = "/api/v1/read", "/api/v1/predict", "/api/v1/models"
TYPE = "application/problem+json"


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    if not (registry.SHIPPED / "softmax").is_dir():
        pytest.skip("no models: restore the models/ folder")
    return Recognizer.load()


@pytest.fixture(scope="module")
def softmax(recognizer) -> Recognizer:
    return Recognizer.load("softmax")


@pytest.fixture
def app(recognizer):
    return api.create(exposed=False)


def png(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


def drawn(digit: int) -> np.ndarray:
    return render([np.array(stroke) for stroke in one_of_each()[digit]])


def npy(images: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, images)
    return file.getvalue()


def problem(answer, status: int) -> str:
    assert (answer.status, answer.headers["content-type"]) == (status, TYPE), answer.body
    assert answer.json.keys() == {"type", "title", "status", "detail"}
    assert answer.json["status"] == status
    return one_line(answer.json["detail"])


class TestReading:
    def test_a_body_reads_as_the_library_to_the_last_digit(self, app, recognizer):
        image = drawn(7)
        reading = recognizer.read(image)
        (entry,) = ask(app, READ, png(image)).json
        assert entry == {
            "file": "",
            "digit": 7,
            "confidence": reading.confidence,
            "probabilities": list(reading.probabilities),
            "is_digit": True,
        }

    def test_a_form_gives_what_the_command_line_prints(self, app, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        files = [("7.png", png(drawn(7))), ("2.png", png(drawn(2)))]
        for name, content in files:
            (tmp_path / name).write_bytes(content)
        body, kind = form(*files, model="softmax")
        main(["read", "7.png", "2.png", "--json", "--model", "softmax"])
        answer = ask(app, READ, body, content_type=kind)
        assert answer.json == json.loads(capsys.readouterr().out)

    def test_several_digits_are_read_as_the_library_reads_them(self, app, recognizer):
        image = np.concatenate([drawn(2), drawn(7)], axis=1)
        page = read_numbers(recognizer, image)
        (entry,) = ask(app, f"{READ}?several=true&length=2", png(image)).json
        assert [line["text"] for line in entry["lines"]] == [page.lines[0].text] == ["27"]
        assert [one["box"] for one in entry["lines"][0]["digits"]] == [
            list(one.box) for one in page.lines[0].digits
        ]

    def test_a_blank_picture_has_no_digit(self, app):
        (entry,) = ask(app, READ, png(np.zeros((50, 50), np.uint8))).json
        assert (entry["digit"], entry["is_digit"]) == (None, False)

    def test_a_hand_is_read_as_by_the_command_line(self, app, tmp_path, capsys, monkeypatch):
        kept = Corrections(hand="Ada")
        for number in range(4):
            kept.keep(correction(number))
        (tmp_path / "7.png").write_bytes(png(drawn(7)))
        monkeypatch.chdir(tmp_path)
        main(["read", "7.png", "--json", "--hand", "Ada"])
        said = capsys.readouterr()
        body, kind = form(("7.png", png(drawn(7))), hand="Ada")
        answer = ask(app, READ, body, content_type=kind)
        assert answer.json == json.loads(said.out)
        assert answer.headers.get("recognizer-note", "") in said.err

    @pytest.mark.parametrize(
        ("query", "body", "status", "said"),
        [
            ("", b"no picture", 422, "expected"),
            ("", b"", 400, "no file"),
            ("model=none-such", None, 404, "choose one of"),
            ("model=../../etc", None, 404, "choose one of"),
            ("modle=six-conv", None, 400, "'modle'"),
            ("hand=ada", None, 400, "No handwriting"),
            ("hand=ada&several=true", None, 400, "one digit each"),
            ("several=yes", None, 400, "true or false"),
            ("length=2", None, 400, "several=true"),
            ("several=true&length=-1", None, 400, "whole number"),
            ("several=true&pattern=abc", None, 400, "pattern"),
            ("model=a&model=b", None, 400, "twice"),
        ],
    )
    def test_what_is_wrong_is_said_in_one_sentence(self, app, query, body, status, said):
        body = png(drawn(7)) if body is None else body
        assert said in problem(ask(app, f"{READ}?{query}", body), status)

    def test_a_picture_of_a_form_that_cannot_be_read_is_named(self, app):
        body, kind = form(("7.png", png(drawn(7))), ("notes.txt", b"hello"))
        assert problem(ask(app, READ, body, content_type=kind), 422).startswith("notes.txt: ")
        broken = "multipart/form-data; boundary=another"
        assert "form" in problem(ask(app, READ, body, content_type=broken), 400)


class TestTables:
    IMAGES = digits(300).images

    @pytest.mark.parametrize("content", [table_of(digits(300)), npy(digits(300).images)])
    def test_csv_is_the_submission_to_the_byte(self, app, softmax, content):
        answer = ask(app, f"{PREDICT}?model=softmax", content, accept="text/csv")
        expected = softmax.predict(self.IMAGES)
        assert answer.headers["content-type"].startswith("text/csv")
        assert answer.body == submission_bytes(expected.argmax(axis=1))
        more = ask(app, f"{PREDICT}?model=softmax&probabilities=true", content, accept="text/csv")
        assert more.body == probabilities_bytes(expected)

    def test_json_has_a_row_for_each_with_the_library_s_probabilities(self, app, softmax):
        answer = ask(app, f"{PREDICT}?model=softmax&probabilities=true", npy(self.IMAGES))
        expected = softmax.predict(self.IMAGES)
        rows = answer.json["rows"]
        assert answer.json["model"] == "softmax"
        assert [one["id"] for one in rows] == list(range(1, 301))
        assert np.array_equal([one["probabilities"] for one in rows], expected)
        assert [one["digit"] for one in rows] == expected.argmax(axis=1).tolist()

    def test_the_answer_of_a_large_table_comes_in_pieces(self, app, softmax):
        many = np.concatenate([self.IMAGES] * 20)
        answer = ask(app, f"{PREDICT}?model=softmax", npy(many))
        assert answer.chunks > 3
        expected = softmax.predict(many).argmax(axis=1)
        assert [one["digit"] for one in answer.json["rows"]] == expected.tolist()

    @pytest.mark.parametrize(
        ("accept", "kind"),
        [
            ("*/*", prediction.JSON),
            ("text/*", prediction.CSV),
            ("text/csv;q=0.5, application/json;q=0.4", prediction.CSV),
            ("text/csv, */*;q=0.1", prediction.CSV),
            ("text/html, application/json;q=0.2", prediction.JSON),
        ],
    )
    def test_the_client_chooses_the_type(self, accept, kind):
        assert prediction.wanted_type(accept) == kind

    def test_an_error_in_the_last_row_is_said_before_the_answer_begins(self, app):
        bad = table(*[row(1)] * 9_000, row(1, 999))
        assert "Row 9001" in problem(ask(app, PREDICT, bad), 422)

    def test_what_is_no_table_or_too_long_is_refused_in_words(self, app, monkeypatch):
        problem(ask(app, PREDICT, b"1,2,3"), 422)
        problem(ask(app, PREDICT, npy(np.array([{}]))[:-20]), 422)
        problem(ask(app, PREDICT, npy(self.IMAGES), accept="image/png"), 406)
        problem(ask(app, f"{PREDICT}?scale=0", npy(self.IMAGES)), 400)
        monkeypatch.setattr(prediction, "MAX_ROWS", 200)
        assert "200 rows" in problem(ask(app, PREDICT, npy(self.IMAGES)), 413)


class TestLimits:
    @pytest.mark.parametrize("path", [READ, PREDICT])
    def test_too_large_a_body_is_refused_by_its_length_and_while_it_comes(
        self, recognizer, monkeypatch, path
    ):
        monkeypatch.setattr(bodies, "PICTURE_MB", 1)
        monkeypatch.setenv("RECOGNIZER_MAX_API_MB", "1")
        app = api.create(exposed=False)
        assert "1 MB" in problem(ask(app, path, b"x", content_length=str(10**12)), 413)
        assert "1 MB" in problem(ask(app, path, [bytes(400_000)] * 4), 413)
        problem(ask(app, path, b"x", content_length="ten"), 400)

    def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(self, app):
        header = png(np.zeros((1, 1), np.uint8))
        huge = header[:16] + (60_000).to_bytes(4, "big") * 2 + header[24:]
        assert "megapixels" in problem(ask(app, READ, huge), 422)

    def test_a_body_that_stalls_is_given_up(self, app, monkeypatch):
        monkeypatch.setattr(bodies, "STALLED_SECONDS", 0.05)
        monkeypatch.setattr("recognizer.api.guard.LINGER_SECONDS", 0.05)
        answer = ask(app, READ, [], method="POST")
        problem(answer, 408)

    def test_encoded_bodies_are_refused(self, app):
        problem(ask(app, READ, b"x", content_encoding="gzip"), 415)

    def test_more_requests_than_may_be_at_once_are_told_to_come_back(self, app):
        ask(app, "/api/v1/health")  # builds what stands before the routes
        guard = app.middleware_stack.app
        guard.serving[""] = 32
        answer = ask(app, "/api/v1/health")
        problem(answer, 503)
        assert int(answer.headers["retry-after"]) > 0
        guard.serving[""] = 0
        assert ask(app, "/api/v1/health").json == {"status": "ok"}
        assert guard.serving[""] == 0, "what was counted is freed"


class TestTheRest:
    def test_models_are_those_of_the_command_line(self, app, capsys):
        main(["models", "--json"])
        assert ask(app, MODELS).json == json.loads(capsys.readouterr().out)

    def test_other_addresses_and_methods_are_problems(self, app):
        problem(ask(app, "/api/v1/nothing"), 404)
        problem(ask(app, "/api"), 404)
        answer = ask(app, READ)
        assert "POST" in problem(answer, 405)
        assert answer.headers["allow"] == "POST"

    def test_a_fault_of_ours_tells_a_reference_and_nothing_else(self, app, monkeypatch, home):
        def fails() -> None:
            raise RuntimeError("secret /home/of/someone")

        monkeypatch.setattr(registry, "list_models", fails)
        answer = ask(app, MODELS)
        said = problem(answer, 500)
        assert "secret" not in said
        log = (home / "logs" / "faults.log").read_text()
        assert re.search(r"operator (\w+)\.", said)[1] in log
        assert "secret" not in log

    def test_the_description_and_the_page_name_every_address_and_load_nothing_from_elsewhere(
        self, app
    ):
        document = ask(app, "/api/v1/openapi.json").json
        paths = {route.path for route in app.routes} - {f"/api/v1/{page}" for page in api.PAGES}
        assert document["paths"].keys() == paths
        for path, parameters in ((READ, 5), (PREDICT, 5)):
            assert len(document["paths"][path]["post"]["parameters"]) == parameters
        texts = [ask(app, f"/api/v1/{page}").body.decode() for page in api.PAGES]
        assert not [text for text in texts if re.search(r"(src|href|import|url)\W+https?:", text)]
        docs = (system_home.PROJECT / "docs" / "api.md").read_text("utf-8")
        assert all(path in texts[0] and path in docs for path in paths)

    def test_reading_imports_no_keras_and_no_streamlit(self, recognizer):
        code = (
            "import sys; sys.path.insert(0, 'tests'); from helpers.servers import ask; "
            "from recognizer.api.app import create; import numpy, cv2; "
            "image = numpy.zeros((90, 90), numpy.uint8); image[20:70, 40:50] = 255; "
            "data = cv2.imencode('.png', image)[1].tobytes(); "
            "assert ask(create(exposed=False), '/api/v1/read', data).json[0]['digit'] == 1; "
            "assert not {'keras', 'tensorflow', 'streamlit'} & sys.modules.keys()"
        )
        subprocess.run([sys.executable, "-c", code], cwd=system_home.PROJECT, check=True)
