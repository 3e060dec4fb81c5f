"""Maps of words: the same words in all layers, turned so that neighbours lie alike."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from thinkalike.errors import InputError
from thinkalike.representations.storage import layer_path, write_representation
from thinkalike.similarity.word_maps import principal_plane, word_maps


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    random = np.random.default_rng(0)
    base = random.normal(size=(60, 5)) * [5, 3, 0.5, 0.4, 0.3]
    ids = [f"w{number:02d}" for number in range(60)]
    found = {}
    for model in ("one", "other"):
        found[model] = tmp_path_factory.mktemp(model)
        for layer in ("0", "1"):
            turn = np.linalg.qr(random.normal(size=(5, 5)))[0]
            order = random.permutation(60)
            vectors = (base @ turn + random.normal(0, 0.05, base.shape)).astype(np.float32)
            write(layer_path(found[model], layer), [ids[place] for place in order], vectors[order])
    return found


def write(path, ids, vectors):
    write_representation(path, ids, vectors, {})


LAYERS = {"one": ["0", "1"], "other": ["0", "1"]}


def test_layers_of_one_geometry_lie_alike(folders):
    table = word_maps(folders, LAYERS, seed=0)
    assert table.groupby(["model", "layer"], sort=False).ngroups == 4
    maps = [rows.set_index("stimulus_id")[["x", "y"]] for _, rows in table.groupby(["model", "layer"])]
    for one in maps[1:]:
        assert np.abs(one - maps[0].loc[one.index]).to_numpy().max() < 0.5
        assert np.corrcoef(pdist(one), pdist(maps[0].loc[one.index]))[0, 1] > 0.99
    assert table["share"].between(0.9, 1).all()


def test_the_same_words_are_drawn_in_all_layers(folders):
    table = word_maps(folders, LAYERS, seed=1, max_words=10)
    drawn = table.groupby(["model", "layer"])["stimulus_id"].apply(tuple)
    assert len(set(drawn)) == 1 and len(drawn.iloc[0]) == 10
    assert set(word_maps(folders, LAYERS, seed=2, max_words=10)["stimulus_id"]) != set(drawn.iloc[0])
    whole = word_maps(folders, LAYERS, seed=0).query("model == 'one' and layer == '0'").set_index("stimulus_id")
    first = table.query("model == 'one' and layer == '0'").set_index("stimulus_id")
    assert np.allclose(first[["x", "y"]], whole.loc[first.index, ["x", "y"]])


def test_what_cannot_be_mapped_is_said():
    with pytest.raises(InputError, match="at least three rows"):
        principal_plane(np.zeros((2, 4)))
    with pytest.raises(InputError, match="finite"):
        principal_plane(np.full((4, 4), np.nan))
