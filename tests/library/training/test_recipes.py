"""The default model's recipe: what it learns from, and what its card says of drawings."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import recipe_files
from helpers.factories import model, one_line
from helpers.fake_trainer import FakeTrainer
from helpers.recipe_files import WRITERS, ThreeReader, one_seven_each

from recognizer import jobs
from recognizer.__main__ import main
from recognizer.datasets import library, rendering
from recognizer.datasets.splits import split_tables
from recognizer.errors import DataError, SettingError
from recognizer.imaging.strokes import Drawing, split_writers
from recognizer.jobs import finalize, queue, worker
from recognizer.models import registry
from recognizer.models.card import ModelCard
from recognizer.records import NOT_A_DIGIT, Digits
from recognizer.training import people, recipes

CONFIG, SECOND, SMALL = (recipe.settings for recipe in recipes.RECIPES.values())
FIRST_AMOUNTS = recipes.Amounts(bent=1, pen=2, letters=2, pairs=5, scribbles=4)
LATER = replace(FIRST_AMOUNTS, more=2, numbers=1, of_one=3, of_two=3, taps=2)
LITTLE = (FIRST_AMOUNTS, LATER, replace(LATER, bent=2, cut=2))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The recipe's files, small, and a recipe that makes little of them."""
    for (name, recipe), amounts in zip(list(recipes.RECIPES.items()), LITTLE, strict=True):
        monkeypatch.setitem(recipes.RECIPES, name, replace(recipe, amounts=amounts))
    monkeypatch.setattr(recipes, "Recognizer", ThreeReader)
    monkeypatch.setattr(people, "cut_digits", one_seven_each)
    recipe_files.write(tmp_path)
    return tmp_path


def writers(part: int, name: str = "w", **shares) -> int:
    """How many of the writers are in a part."""
    everyone = [Drawing("1", f"{name}{one}", "unipen", ()) for one in range(WRITERS)]
    return len(split_writers(everyone, **shares)[part])


def test_each_part_of_the_data_has_one_use(folder):
    ids = recipes.tables(folder, CONFIG)
    division = split_tables(CONFIG, ids)
    plain = split_tables(CONFIG, ids[:1])
    assert (division.held_out.images == plain.held_out.images).all()
    assert division.data.sha256 == plain.data.sha256, "the same rows are held out as ever"
    assert len(division.validation) == len(plain.validation) + 10 * writers(1)
    learned = {image.tobytes() for image in division.training.images}
    for other in (division.held_out, division.validation):
        assert not learned & {image.tobytes() for image in other.images}
    counts = np.bincount(division.training.labels, minlength=11)
    assert counts[NOT_A_DIGIT] == 2 * 2 * writers(0) + 5 + 4
    assert counts[:10].sum() == 2 * len(plain.training) + 2 * 10 * writers(0)
    assert NOT_A_DIGIT not in division.validation.labels


def test_the_second_stage_learns_from_more_people_and_from_what_splitting_leaves(folder):
    division = split_tables(SECOND, recipes.tables(folder, SECOND))
    plain = split_tables(SECOND, recipes.tables(folder, SECOND)[:1])
    assert (division.held_out.images == plain.held_out.images).all()
    chosen = 10 * writers(1) + 2 * writers(1, "m")
    assert len(division.validation) == len(plain.validation) + chosen
    learned = {image.tobytes() for image in division.training.images}
    for other in (division.held_out, division.validation):
        assert not learned & {image.tobytes() for image in other.images}
    counts = np.bincount(division.training.labels, minlength=11)
    letters = 2 * 2 * writers(0) + 5 + 4
    numbers = writers(0, shares=people.NUMBER_SHARES)  # of two to four characters: of three, one
    assert counts[NOT_A_DIGIT] == letters + 2 * 3 + 2 * 3 + numbers + 2 * 2
    drawn = 2 * 10 * writers(0) + 2 * 2 * writers(0, "m")
    assert counts[:10].sum() == 2 * len(plain.training) + drawn


def test_the_small_network_learns_from_digits_cut_out_of_numbers_too(folder):
    second = split_tables(SECOND, recipes.tables(folder, SECOND))
    small = split_tables(SMALL, recipes.tables(folder, SMALL))
    plain = split_tables(SMALL, recipes.tables(folder, SMALL)[:1])
    learn, choose, _ = people.numbers(folder)
    before, after = (np.bincount(one.training.labels, minlength=11) for one in (second, small))
    assert after[NOT_A_DIGIT] == before[NOT_A_DIGIT]
    bent_once_more = len(plain.training)
    assert after[:10].sum() == before[:10].sum() + bent_once_more + 2 * len(learn)
    assert len(small.validation) == len(second.validation) + len(choose)
    learned = {image.tobytes() for image in small.training.images}
    for other in (small.held_out, small.validation):
        assert not learned & {image.tobytes() for image in other.images}


def test_what_all_take_for_the_same_digit_is_not_taught_to_be_none(monkeypatch):
    monkeypatch.setattr(recipes, "Recognizer", ThreeReader)
    light, heavy = np.full((28, 28), 50, np.uint8), np.full((28, 28), 200, np.uint8)
    images = np.stack([light, heavy, heavy, heavy])  # the last two: a tap and a filling
    kept = recipes._without_digits(Digits(images, np.full(4, NOT_A_DIGIT, np.uint8)), tapped=2)
    assert (kept.images == images[[0, 2, 3]]).all()


def test_only_the_scans_are_offered_and_stay(folder):
    ids = recipes.tables(folder, CONFIG)
    assert [table.name for table in library.tables() if table.offered] == [recipes.SCANS]
    finalize.forget_recipe_tables(ids)
    assert [table.id for table in library.tables()] == [ids[0]]


def test_what_another_training_learns_from_stays(folder):
    ids = recipes.tables(folder, CONFIG)
    _, lock = queue.enqueue("another", CONFIG, ids)
    with lock:
        finalize.forget_recipe_tables(ids)
    assert {table.id for table in library.tables()} == set(ids)


def test_only_the_command_that_knows_the_data_goes_on_with_it(folder):
    job, lock = queue.enqueue("another", CONFIG, recipes.tables(folder, CONFIG))
    lock.release()
    with pytest.raises(SettingError, match=f"--resume {job.id} --data DIR") as caught:
        jobs.resume(job.id)
    assert one_line(caught.value)


def test_the_same_seed_makes_the_same_and_another_one_another(folder):
    first, again = recipes.tables(folder, CONFIG), recipes.tables(folder, CONFIG)
    assert first == again
    other = recipes.tables(folder, replace(CONFIG, seed=2))
    assert other[0] == first[0]
    assert not set(other[1:4]) & set(first)


@pytest.mark.parametrize("name", recipes.FILES)
def test_a_missing_file_is_told_before_anything_is_made(folder, name):
    (folder / name).unlink()
    for call in (lambda: recipes.tables(folder, CONFIG), lambda: recipes.measure(None, folder)):
        with pytest.raises(DataError) as caught:
            call()
        assert name in one_line(caught.value)
    assert library.tables() == ()


def test_the_card_gets_threshold_and_figures_of_people_who_chose_nothing(folder, monkeypatch):
    made = registry.find_model(model(folder / "models" / "mine").name, folder / "models")
    card = recipes.measure(made, folder)
    assert card == ModelCard.from_json((made.folder / "card.json").read_text())
    assert registry.find_model("mine", folder / "models").card == card, "the model is still whole"
    assert card.drawn.n == card.rejection.digits_n == 10 * writers(2)
    assert card.drawn.accuracy == pytest.approx(0.1), "one digit in ten is a 3"
    assert card.rejection.others_n == 2 * writers(2)
    chosen = [*people.pen(folder)[1].digits, *people.more(folder)[1]]
    chosen += one_seven_each(people.numbers(folder)[1], None)
    images = rendering.render_drawings(chosen, seed=1).images
    doubted = ThreeReader().digit_scores(images) < card.rejection.threshold
    names = np.array([one.writer for one in chosen])
    of_people = [doubted[names == name].mean() for name in np.unique(names)]
    assert np.mean(of_people) == pytest.approx(recipes.REFUSED, abs=1 / len(of_people))


@pytest.fixture
def quick(monkeypatch):
    """Trainings that take no time, by a network that has no output for what is no digit."""
    monkeypatch.setattr(worker, "_keras", FakeTrainer)
    for name in ("not_digits", "false_digits"):
        monkeypatch.setattr(rendering, name, zeros_of(getattr(rendering, name)))


@pytest.mark.parametrize(("recipe", "settings"), [("default", SECOND), ("small", SMALL)])
def test_the_command_trains_both_stages_measures_and_leaves_only_the_scans(
    folder, quick, recipe, settings, capfd
):
    command = ["train", "--recipe", recipe, "--data", str(folder), "--epochs", "1"]
    assert main([*command, "--name", "mine"]) == 0
    start, card = registry.find_model(recipes.START).card, registry.find_model("mine").card
    assert start.config == recipes.first_stage(settings) == CONFIG
    assert card.config == replace(settings, epochs=1)
    assert recipes.of_card(card) == recipe
    assert start.rejection is None
    assert card.rejection is not None
    assert card.data.name.startswith(recipes.SCANS)
    assert "pen drawings read right" in capfd.readouterr().out
    assert [table.name for table in library.tables()] == [recipes.SCANS]
    assert len(jobs.all_jobs()) == 2
    assert main([*command, "--name", "again"]) == 0
    assert len(jobs.all_jobs()) == 3, "the first stage is not repeated"


def test_a_resumed_first_stage_asks_for_the_recipe_again(folder, quick, capfd):
    job, lock = queue.enqueue(recipes.START, CONFIG, recipes.tables(folder, CONFIG))
    lock.release()
    assert main(["train", "--resume", job.id, "--data", str(folder)]) == 0
    assert "Give the command of the recipe again" in capfd.readouterr().out
    assert [one.name for one in jobs.all_jobs()] == [recipes.START], "none of another recipe begins"


def test_a_first_stage_that_is_asked_for_by_its_name_is_measured_and_is_all(folder, quick):
    command = ["train", "--recipe", "first-stage", "--data", str(folder), "--epochs", "1"]
    assert main([*command, "--name", recipes.START]) == 0
    assert registry.find_model(recipes.START).card.rejection is not None
    assert len(jobs.all_jobs()) == 1


def zeros_of(made):
    """The same pictures, labelled 0."""

    def labelled(*of, **how) -> Digits:
        images = made(*of, **how)
        return replace(images, labels=np.zeros(len(images), np.uint8))

    return labelled
