"""Recipe files: the paper's hyperparameters, inheritance, and what is wrong with a file."""

from __future__ import annotations

import pytest

from reprior.lab.training import RecipeError, load_recipe, recipe_names

# Paper, section 5.4 and Table 2: epochs, batch, base rate, augmentation, stages, dropout, classes.
PAPER = {
    "cifar10": (300, {"b0": 512, "s": 512}, 0.016, "none", 1, 0.2, 10),
    "cifar100": (300, {"b0": 512, "s": 510}, 0.016, "autoaugment", 1, 0.2, 100),
    "imagenet": (352, {"b0": 400, "s": 400}, 0.025, "randaugment", 4, 0.075, 1000),
}


@pytest.mark.parametrize("share", ["none", "all_but_bn"])
@pytest.mark.parametrize("size", ["b0", "s"])
@pytest.mark.parametrize("data", PAPER)
def test_recipes_are_those_of_the_paper(data: str, size: str, share: str) -> None:
    recipe = load_recipe(f"{data}-{size}{'-shared' if share != 'none' else ''}")
    epochs, batches, base, augment, stages, dropout, classes = PAPER[data]
    assert recipe.model.name == f"tf_efficientnetv2_{size}"
    assert recipe.model.share == share
    assert recipe.model.dropout == dropout
    assert recipe.model.bn_momentum == 0.99
    assert (recipe.data.name, recipe.data.classes, recipe.data.augment) == (data, classes, augment)
    assert (recipe.data.train_size, recipe.data.eval_size) == ((192, 224) if size == "b0" else (300, 384))
    assert (recipe.training.epochs, recipe.training.batch_size) == (epochs, batches[size])
    assert (recipe.training.stages, recipe.training.ema_decay) == (stages, 0.9999)
    assert (recipe.schedule.name, recipe.schedule.base, recipe.schedule.warmup_epochs) == (
        "exponential",
        base,
        5,
    )
    assert recipe.optimizer.name == "rmsprop"


def test_sharing_is_the_only_change() -> None:
    names = [name for name in recipe_names() if name.endswith("-shared")]
    assert len(names) == 6
    for name in names:
        shared = load_recipe(name, ["model.share=none"]).to_tables()
        plain = load_recipe(name.removesuffix("-shared")).to_tables()
        assert {**shared, "name": ""} == {**plain, "name": ""}


def test_files_extend_recipes_and_files(tmp_path) -> None:
    first = tmp_path / "first.toml"
    first.write_text('extends = "digits"\n[training]\nepochs = 7\n')
    second = tmp_path / "second.toml"
    second.write_text('name = "mine"\nextends = "first.toml"\n[model]\nshare = "all_but_bn"\n')
    recipe = load_recipe(second)
    assert (recipe.name, recipe.training.epochs, recipe.model.share) == ("mine", 7, "all_but_bn")
    assert recipe.data == load_recipe("digits").data
    assert load_recipe(second, ["training.epochs=8"]).training.epochs == 8


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epochs = ", "is not TOML"),
        ("[trainig]\nepochs = 3", r"unknown section 'trainig'; did you mean training\?"),
        ('extends = "digits"\n[training]\nepoch = 3', r"unknown setting 'epoch'; did you mean epochs\?"),
        ("[training]\nepochs = 3", r"\[model\]: name must be given"),
        ('extends = "digits"\n[training]\nepochs = "many"', "epochs is 'many', it must be of type int"),
        ('extends = "digits"\n[training]\nepochs = true', "epochs is True, it must be of type int"),
        ('extends = "digits"\n[training]\nepochs = 0', "training.epochs is 0, it must be at least 1"),
        ('extends = "digits"\n[training]\nstages = 99', "more stages than epochs"),
        ('extends = "digits"\n[training]\nema_decay = 1.0', r"ema_decay is 1.0, it must be in \[0, 1\)"),
        ('extends = "digits"\n[schedule]\nbase = nan', "base is nan, it must be of type float"),
        ('extends = "digits"\n[schedule]\nname = "linear"', "there are exponential, cosine, constant"),
        ('extends = "digits"\n[model]\nblocks = [1]', "must be a list of strings"),
        ('extends = "bad.toml"', "extends itself"),
        ('extends = "digitz"', r"there is no recipe 'digitz': did you mean digits\?"),
        ("extends = 3", "extends must name one recipe"),
        ('extends = "digits"\ntraining = 3', "'training' is not a table"),
    ],
)
def test_what_is_wrong_with_a_file(tmp_path, monkeypatch, text: str, message: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.toml").write_text(text)
    with pytest.raises(RecipeError, match=message):
        load_recipe("bad.toml")


@pytest.mark.parametrize("change", ["epochs=3", "training.epochs", "=", "training.=3"])
def test_changes_that_cannot_be_read(change: str) -> None:
    with pytest.raises(RecipeError, match=r"does not read section\.setting=value"):
        load_recipe("digits", [change])
