"""A network of one's own becomes a whole model, or it is said why not; nothing in it is run."""

import pytest

from recognizer.errors import ModelError
from recognizer.inference import Recognizer
from recognizer.models import registry
from recognizer.training.adoption import adopt


def test_what_is_no_network_is_refused_before_keras_is_asked(tmp_path):
    with pytest.raises(ModelError, match=r"is no file: name a \.keras"):
        adopt(tmp_path / "none.keras", "mine", None, tmp_path)
    for name in ("text.txt", "text.keras"):
        (tmp_path / name).write_text("hello")
        with pytest.raises(ModelError, match=rf"{name} is not a \.keras: expected"):
            adopt(tmp_path / name, "mine", None, tmp_path)


@pytest.mark.keras
def test_a_network_that_takes_flat_pixels_to_255_and_gives_scores_is_adopted(tmp_path):
    import keras

    known = keras.models.load_model(registry.find_model("softmax").keras).get_weights()
    network = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10)])
    network.set_weights([known[0] / 255, known[1]])
    network.save(tmp_path / "own.keras")
    model = adopt(tmp_path / "own.keras", "mine", None, tmp_path / "models")
    assert (model.card.parameters, model.card.n) == (7_850, 0)
    assert Recognizer.load("mine", tmp_path / "models").card.name == "mine"


@pytest.mark.keras
def test_code_in_a_file_is_refused(tmp_path):
    import keras

    keras.Sequential(
        [keras.Input((28, 28, 1)), keras.layers.Lambda(lambda x: x), keras.layers.Flatten()]
    ).save(tmp_path / "code.keras")
    with pytest.raises(ModelError) as caught:
        adopt(tmp_path / "code.keras", "mine", None, tmp_path / "models")
    assert "without custom objects and Lambda layers" in str(caught.value)
    assert "\n" not in str(caught.value)
