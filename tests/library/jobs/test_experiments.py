"""Experiments: several trainings queued as one, compared, stopped early, stopped and resumed."""

import os
import shutil
import signal
import sqlite3
from dataclasses import replace
from statistics import mean, stdev

import numpy as np
import pytest
from helpers import fake_worker
from helpers.factories import digits, model, one_line
from helpers.fake_trainer import FakeTrainer
from helpers.trainings import CONFIG, SAMPLE, keep_table, process, trained, wait_for

from recognizer import jobs
from recognizer.audit import DROP, Decisions, decisions
from recognizer.datasets import library, splits
from recognizer.errors import DataError, ModelError, SettingError
from recognizer.jobs import (
    State,
    control,
    database,
    experiments,
    folders,
    queue,
    rows,
    test_sets,
    worker,
)
from recognizer.models import registry, seen_rows
from recognizer.records import Digits, EpochLog, TrainingConfig

GRID = {"seeds": 3, "learning_rates": (0.5, 0.01)}


@pytest.fixture
def table() -> str:
    return keep_table()


def ran(runs: dict[str, TrainingConfig], table: str, *, trainer=None, **options) -> jobs.Experiment:
    """An experiment that has run in this process."""
    made, held = queue.enqueue_experiment("exp", runs, (table,), **options)
    turns = [(job.id, lock) for job, lock in zip(made.runs, held, strict=True)]
    worker.work_all(turns, trainer or FakeTrainer())
    return experiments.find(made.id)


class TestGrid:
    def test_has_a_run_of_each_seed_and_setting_one_seed_of_all_settings_first(self):
        made = experiments.grid("exp", CONFIG, **GRID)
        assert list(made) == [
            f"exp-lr{rate}-seed{seed}" for seed in (1, 2, 3) for rate in ("0.5", "0.01")
        ]
        assert made["exp-lr0.01-seed2"].learning_rate == 0.01
        assert made["exp-lr0.01-seed2"].seed == 2

    def test_all_runs_hold_out_the_same_rows(self, table):
        made = experiments.grid("exp", replace(CONFIG, seed=5), seeds=2)
        first, second = (splits.split_tables(config, (table,)) for config in made.values())
        alone = splits.split_tables(replace(CONFIG, seed=5), (table,))
        for one in (first, second):
            assert np.array_equal(one.held_out.images, alone.held_out.images)
            assert np.array_equal(one.validation.images, alone.validation.images)

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"seeds": 0}, "1 to 100"),
            ({"others": (CONFIG,)}, "network is named twice"),
            ({"seeds": 51, "learning_rates": (0.1, 0.2)}, "102 trainings"),
            ({"learning_rates": (0.1, 0.1)}, "twice"),
            ({"learning_rates": (0.1, 2.0)}, "learning rate is 2.0"),
            ({"batch_sizes": (0,)}, "batch size is 0"),
        ],
    )
    def test_what_cannot_be_is_refused_in_one_sentence(self, options, words):
        with pytest.raises(SettingError, match=words) as caught:
            experiments.grid("exp", CONFIG, **options)
        one_line(caught.value)

    def test_of_two_networks_has_each_with_its_own_settings_and_the_same_split(self):
        other = TrainingConfig("compact", epochs=7, learning_rate=0.2, batch_size=9)
        made = experiments.grid("exp", replace(CONFIG, held_out=0.3), seeds=2, others=[other])
        name = CONFIG.architecture
        assert list(made) == [f"exp-{one}-seed{i}" for i in (1, 2) for one in (name, "compact")]
        one = made["exp-compact-seed2"]
        assert (one.epochs, one.learning_rate, one.batch_size) == (7, 0.2, 9)
        assert (one.held_out, one.seed, one.seed_of_split) == (0.3, 2, 1)
        words = experiments.differences([replace(run, seed=0) for run in made.values()])
        assert set(words.values()) == {f"architecture {name}", "architecture compact"}


class TestFolds:
    def test_hold_out_each_row_once_in_parts_of_the_same_size(self, table):
        runs = experiments.folds("exp", CONFIG, 3)
        parts = [splits.split_tables(config, (table,)) for config in runs.values()]
        held = [image.tobytes() for part in parts for image in part.held_out.images]
        assert sorted(held) == sorted(image.tobytes() for image in SAMPLE.images)
        assert max(len(part.held_out) for part in parts) - min(len(p.held_out) for p in parts) <= 10
        for part in parts:
            assert not splits.duplicates(part.training, part.held_out).any()

    def test_give_each_row_a_model_that_has_not_learned_from_it(self, table):
        made = ran(experiments.folds("exp", CONFIG, 3), table)
        assert experiments.is_cross_validation(made)
        [setting] = experiments.settings(made)
        assert len(setting.accuracies) == 3
        stored = [registry.find_model(name) for name in experiments.members(made.id)]
        seen = np.array([seen_rows.is_seen(one, SAMPLE.images) for one in stored])
        assert (seen.sum(axis=0) == 2).all()
        assert len(test_sets.offers()) == 3

    @pytest.mark.parametrize("count", [1, 21])
    def test_too_few_or_many_are_refused(self, count):
        with pytest.raises(SettingError, match="2 to 20") as caught:
            experiments.folds("exp", CONFIG, count)
        one_line(caught.value)

    def test_a_fold_that_there_is_not_is_refused(self, table):
        with pytest.raises(SettingError, match="there are 10") as caught:
            queue.enqueue("exp", replace(CONFIG, held_out=0.1, fold=11), (table,))
        one_line(caught.value)


class TestMembers:
    def test_are_the_seeds_of_the_best_setting(self, table):
        made = ran(experiments.grid("exp", CONFIG, **GRID), table)
        best = experiments.best(made).words.removeprefix("learning rate ")
        assert experiments.members(made.id) == [f"exp-lr{best}-seed{seed}" for seed in (1, 2, 3)]

    def test_are_all_models_where_no_setting_has_two_and_at_least_two(self, table):
        made = ran(experiments.grid("exp", CONFIG, learning_rates=(0.5, 0.01)), table)
        assert experiments.members(made.id) == ["exp-lr0.5", "exp-lr0.01"]
        alone = ran(experiments.grid("other", CONFIG), table)
        with pytest.raises(ModelError, match="Of the experiment exp only 1 model") as caught:
            experiments.members(alone.id)
        assert "two or more" in one_line(caught.value)

    def test_too_few_of_the_best_setting_are_said_to_be_of_that_setting(self, table, home):
        made = ran(experiments.grid("exp", CONFIG, **GRID), table)
        for job in made.runs[2:]:  # one seed of each setting stays
            shutil.rmtree(home / "models" / job.published)
        with pytest.raises(ModelError, match="best setting of exp only 1 model is here"):
            experiments.members(made.id)


class TestAnExperiment:
    def test_publishes_each_run_and_says_mean_and_spread_of_each_setting(self, table):
        made = ran(experiments.grid("exp", CONFIG, **GRID), table)
        assert [job.state for job in made.runs] == [State.DONE] * 6
        high, low = experiments.settings(made)
        assert (high.words, low.words) == ("learning rate 0.5", "learning rate 0.01")
        read = [registry.find_model(f"exp-lr0.5-seed{i}").card.accuracy for i in (1, 2, 3)]
        assert high.accuracies == tuple(read)
        said = f"{100 * mean(read):.2f} ± {100 * stdev(read):.2f} % (3 runs)"
        assert high.in_words() == said
        assert experiments.best(made) == max((high, low), key=lambda one: mean(one.validation))

    def test_the_validation_accuracy_it_chooses_by_is_that_of_the_best_weights(self, table):
        made = ran(experiments.grid("exp", CONFIG, seeds=2), table)
        (setting,) = experiments.settings(made)
        for job, value in zip(made.runs, setting.validation, strict=True):
            best = [row for row in jobs.progress(job.id) if row.kind == "validation" and row.best]
            assert value == best[-1].accuracy

    def test_a_taken_name_leaves_nothing_queued(self, table, home):
        model(home / "models" / "exp-seed2")
        with pytest.raises(SettingError, match="exp-seed2"):
            queue.enqueue_experiment("exp", experiments.grid("exp", CONFIG, seeds=3), (table,))
        assert not database.all_jobs()
        assert not [one for one in folders.root().glob("*") if one.is_dir()]

    def test_a_name_that_an_unfinished_training_has_leaves_nothing_queued(self, table):
        queue.enqueue("exp-seed2", CONFIG, (table,))[1].release()
        with pytest.raises(SettingError, match="exp-seed2 has not ended"):
            queue.enqueue_experiment("exp", experiments.grid("exp", CONFIG, seeds=3), (table,))
        assert [job.name for job in database.all_jobs()] == ["exp-seed2"]

    def test_a_run_that_fails_does_not_keep_the_others(self, table):
        class Failing(FakeTrainer):
            def train(self, config, *arguments, **options):
                if config.seed == 1:
                    raise ZeroDivisionError
                return super().train(config, *arguments, **options)

        made, held = queue.enqueue_experiment(
            "exp", experiments.grid("exp", CONFIG, seeds=2), (table,)
        )
        turns = [(job.id, lock) for job, lock in zip(made.runs, held, strict=True)]
        with pytest.raises(ZeroDivisionError):
            worker.work_all(turns, Failing())
        states = [job.state for job in experiments.find(made.id).runs]
        assert states == [State.FAILED, State.DONE]

    def test_goes_with_the_last_of_its_trainings(self, table):
        made = ran(experiments.grid("exp", CONFIG, seeds=2), table)
        jobs.delete(made.runs[0].id)
        assert [job.name for job in experiments.find(made.id).runs] == ["exp-seed2"]
        jobs.delete(made.runs[1].id)
        assert not experiments.all_experiments()
        with pytest.raises(SettingError, match="no experiment"):
            experiments.find(made.id)

    def test_trainings_of_the_version_before_are_listed_and_can_be_joined_by_experiments(
        self, table, home
    ):
        old = trained(table)
        with sqlite3.connect(home / "jobs.db") as changed:
            changed.execute("ALTER TABLE jobs DROP COLUMN experiment")
            changed.execute("DROP TABLE experiments")
            changed.execute("PRAGMA user_version = 1")
        assert database.find_job(old.id) == old
        made = ran(experiments.grid("exp", CONFIG, seeds=2), table)
        assert [job.id for job in database.all_jobs()][-1] == old.id
        assert len(made.runs) == 2


class TestMedianStopping:
    """Four runs at epoch 2 read 0.9, 0.8, 0.7 and the one that is judged."""

    def why(
        self,
        monkeypatch,
        accuracy: float,
        *,
        epoch: int = 2,
        others=(0.9, 0.8, 0.7),
        network="",
        **of,
    ):
        job = replace(self.job(), **of)
        read = {f"other-{i}": value for i, value in enumerate(others)}
        config = replace(CONFIG, architecture=network or CONFIG.architecture)
        runs = (job, *(replace(job, id=one, config=config) for one in read))
        monkeypatch.setattr(
            experiments.progress_log, "accuracies", lambda *_: {**read, job.id: accuracy}
        )
        monkeypatch.setattr(
            experiments, "find", lambda one: jobs.Experiment(one, "exp", "", True, runs)
        )
        return experiments.why_stop(job, EpochLog(epoch, 1.0, 0.5, 1.0, 1.0, accuracy))

    def job(self) -> jobs.Job:
        return jobs.Job(
            "01234567", "exp-1", CONFIG, (), None, State.RUNNING, "", None, None, "", 0, 9, 2,
            None, experiment="89abcdef",
        )  # fmt: skip

    def test_ends_a_run_below_the_median_of_the_others_and_says_so(self, monkeypatch):
        assert self.why(monkeypatch, 0.79) == (
            "Stopped after epoch 2: its validation accuracy, 79.00%, was below the median of the "
            f"other {CONFIG.architecture} runs at the same epoch, 80.00%."
        )

    def test_lets_others_go_on(self, monkeypatch):
        assert self.why(monkeypatch, 0.8) is None  # not below
        assert self.why(monkeypatch, 0.1, epoch=1) is None  # too early
        assert self.why(monkeypatch, 0.1, epoch=3) is None  # its last one
        assert self.why(monkeypatch, 0.1, others=(0.9,)) is None  # too few others
        assert self.why(monkeypatch, 0.1, experiment=None) is None
        assert self.why(monkeypatch, 0.1, network="six-conv") is None  # of another architecture

    class Misled(FakeTrainer):
        """Learns with the seed 3 what is wrong."""

        def train(self, config, rows, *arguments, **options):
            if config.seed == 3:
                rows = Digits(rows.images, (rows.labels + 1) % 10)
            return super().train(config, rows, *arguments, **options)

    def test_a_loser_ends_early_and_its_best_is_kept(self, table):
        runs = experiments.grid("exp", replace(CONFIG, epochs=4), seeds=3)
        made = ran(runs, table, stop_early=True, trainer=self.Misled())
        loser = made.runs[2]
        assert loser.state == State.STOPPED
        assert loser.message.startswith("Stopped after epoch 2: its validation accuracy")
        assert "held-out rows read right" in loser.message
        assert len(registry.find_model("exp-seed3").card.history) == 2
        (setting,) = experiments.settings(made)
        assert len(setting.accuracies) == 2
        assert "2 of 3 runs" in setting.in_words()

    def test_is_off_unless_asked_for(self, table):
        made = ran(experiments.grid("exp", CONFIG, seeds=3), table, trainer=self.Misled())
        assert made.runs[2].state == State.DONE


class TestProcesses:
    """An experiment is one process, which works on its runs in turn."""

    @pytest.fixture(autouse=True)
    def fake(self, monkeypatch):
        monkeypatch.setattr(control, "COMMAND", fake_worker.COMMAND)
        monkeypatch.setenv("FAKE_PAUSE", "0.05")

    def submit(self, table: str, **options) -> jobs.Experiment:
        return jobs.submit_experiment("exp", experiments.grid("exp", CONFIG, **options), (table,))

    def running(self, made: jobs.Experiment, number: int) -> None:
        wait_for(lambda: database.find_job(made.runs[number].id).state == State.RUNNING)

    def all_ended(self, made: jobs.Experiment) -> list[jobs.Job]:
        wait_for(lambda: not any(job.is_under_way for job in experiments.find(made.id).runs))
        return list(experiments.find(made.id).runs)

    def test_killed_it_is_interrupted_and_resumes_to_the_same_models(self, table, monkeypatch):
        made = self.submit(table, seeds=3)
        self.running(made, 1)
        os.kill(process(made.runs[0].id), signal.SIGKILL)
        left = self.all_ended(made)
        assert [job.state for job in left] == [State.DONE, *[State.INTERRUPTED] * 2]
        monkeypatch.setenv("FAKE_PAUSE", "0")
        jobs.resume_experiment(made.id)
        assert [job.state for job in self.all_ended(made)] == [State.DONE] * 3
        job = trained(table, made.runs[2].config, "alone")
        weights = [registry.find_model(one).tflite.read_bytes() for one in ("exp-seed3", job.name)]
        assert weights[0] == weights[1]
        with pytest.raises(SettingError, match="each has published"):
            jobs.resume_experiment(made.id)

    def test_stopped_what_waits_ends_and_can_resume_at_once(self, table, monkeypatch):
        made = self.submit(table, seeds=3)
        self.running(made, 0)
        wait_for(lambda: jobs.progress(made.runs[0].id))
        jobs.stop(made.runs[2].id)
        self.running(made, 1)  # an epoch has ended since: its lock is free
        monkeypatch.setenv("FAKE_PAUSE", "0")
        jobs.resume(made.runs[2].id)
        states = [job.state for job in self.all_ended(made)]
        assert states == [State.DONE] * 3

    def test_stop_all_keeps_what_is_there(self, table):
        made = self.submit(table, seeds=3)
        self.running(made, 0)
        wait_for(lambda: jobs.last_reading(made.runs[0].id))
        jobs.stop_experiment(made.id)
        first, *others = self.all_ended(made)
        assert first.published == "exp-seed1"
        assert [job.message for job in others] == ["Stopped before it began."] * 2


class TestDecisions:
    def test_change_what_is_learned_from_and_not_what_measures(self, table):
        plain = splits.split_tables(CONFIG, (table,))
        number = {image.tobytes(): row for row, image in enumerate(SAMPLE.images)}
        first, second = (number[image.tobytes()] for image in plain.training.images[:2])
        held = number[plain.held_out.images[0].tobytes()]
        other = (int(SAMPLE.labels[second]) + 1) % 10
        decided = Decisions({first: DROP, second: other, held: DROP})
        decisions.save(table, decided)
        config = rows.deciding(CONFIG, table, "train.csv")
        decisions.save(table, Decisions({first: 1}))  # later: the training keeps to its own
        found = rows.split(config, (table,))
        assert len(found.training) == len(plain.training) - 1
        assert found.training.labels[0] == other
        assert np.array_equal(found.held_out.labels, plain.held_out.labels)
        assert np.array_equal(found.held_out.images, plain.held_out.images)

    def test_make_an_experiment_of_two_runs_whose_cards_say_which(self, table):
        decisions.save(table, Decisions({0: DROP}))
        config = rows.deciding(CONFIG, table, "train.csv")
        made = ran(experiments.with_and_without("exp", config), table)
        cards = [registry.find_model(job.name).card for job in made.runs]
        assert [card.config.decisions for card in cards] == [None, config.decisions]
        assert [one.words for one in experiments.settings(made)] == [
            "decisions none", "decisions of the label audit",
        ]  # fmt: skip

    def test_nothing_decided_and_a_lost_file_are_said(self, table, home):
        with pytest.raises(DataError, match="Nothing was decided") as caught:
            rows.deciding(CONFIG, table, "train.csv")
        one_line(caught.value)
        with pytest.raises(DataError, match="not here, or damaged") as caught:
            rows.split(replace(CONFIG, decisions="0123456789ab"), (table,))
        one_line(caught.value)

    def test_several_tables_are_refused(self, table):
        decisions.save(table, Decisions({0: DROP}))
        config = rows.deciding(CONFIG, table, "train.csv")
        other = library.add(digits(100), "more.csv").id
        with pytest.raises(SettingError, match="one table"):
            rows.split(config, (table, other))


class TestTeachers:
    def test_one_that_has_not_seen_the_held_out_rows_may_teach(self, table):
        trained(table, CONFIG, "teacher")
        assert rows.split(replace(CONFIG, teachers=("teacher",)), (table,)).held_out

    def test_one_that_has_is_refused_in_one_sentence_which_names_its_split(self, table):
        trained(table, replace(CONFIG, seed=7), "teacher")
        with pytest.raises(SettingError, match="--split-seed 7") as caught:
            rows.split(replace(CONFIG, teachers=("teacher",)), (table,))
        one_line(caught.value)
        follows = replace(CONFIG, teachers=("teacher",), split_seed=7)
        assert rows.split(follows, (table,)).training

    def test_one_of_which_nothing_is_known_and_one_that_is_gone_are_refused(self, table, home):
        model(home / "models" / "mystery")
        assert seen_rows.is_seen(registry.find_model("mystery"), SAMPLE.images) is None
        with pytest.raises(SettingError, match="is not known") as caught:
            rows.split(replace(CONFIG, teachers=("mystery",)), (table,))
        one_line(caught.value)
        with pytest.raises(ModelError, match="gone"):
            rows.split(replace(CONFIG, teachers=("gone",)), (table,))

    def test_one_named_twice_is_refused(self, table):
        trained(table, CONFIG, "teacher")
        with pytest.raises(SettingError, match="once"):
            rows.split(replace(CONFIG, teachers=("teacher", "teacher")), (table,))
