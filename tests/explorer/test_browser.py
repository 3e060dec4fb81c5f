"""The page in a real browser: numbers, keyboard, addresses, files, access."""

import base64
import io
import json
import time
from importlib.resources import files
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import figure_tables
import numpy as np
import pandas as pd
import pytest
from explorer_tables import MARKUP

from thinkalike.explorer import write_page
from thinkalike.similarity import decompose_weighted_kendall

pytestmark = pytest.mark.slow


class Page:
    """The page in a browser."""

    def __init__(self, driver, path: Path, address: str = "") -> None:
        self.driver = driver
        # Another address of the same page would not load it again.
        driver.get("about:blank")
        driver.get(path.as_uri() + address)
        self.wait("return document.documentElement.dataset.ready === 'yes'")

    def run(self, script: str, *arguments):
        return self.driver.execute_script(script, *arguments)

    def wait(self, script: str, *arguments) -> None:
        for _ in range(200):
            if self.run(script, *arguments):
                return
            time.sleep(0.05)
        pytest.fail(
            f"after ten seconds still not: {script}; {self.run('return document.body.innerText.slice(0, 500)')}"
        )

    def keys(self, *keys: str) -> None:
        from selenium.webdriver import ActionChains

        ActionChains(self.driver).send_keys(*keys).perform()

    def csv(self, part: str, *arguments) -> pd.DataFrame:
        """Return a part's table as its CSV has it."""
        script = "const part = explorer.parts.find((one) => one.name === arguments[0]);"
        text = self.run(f"{script} return explorer.csvText(part.table(...arguments[1]));", part, list(arguments))
        return pd.read_csv(io.StringIO(text), dtype={"layer": str, "layer_a": str, "layer_b": str})

    @property
    def pair(self) -> list[str]:
        return self.run("return ['a', 'b'].map((side) => explorer.data.layers[explorer.state[side]].key)")

    def choose(self, one: str, other: str) -> None:
        script = "const place = (key) => explorer.data.layers.findIndex((layer) => layer.key === key);"
        self.run(f"{script} explorer.set({{ a: place(arguments[0]), b: place(arguments[1]) }})", one, other)


@pytest.fixture(scope="module")
def driver(start_browser):
    return start_browser()


@pytest.fixture
def opened(driver, page):
    return Page(driver, page)


def test_it_opens_without_a_request_or_an_error(start_browser, page):
    driver = start_browser()
    opened = Page(driver, page)
    opened.run("document.querySelectorAll('summary').forEach((one) => one.click())")
    requests = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    asked = [one["params"]["request"]["url"] for one in requests if one["method"] == "Network.requestWillBeSent"]
    assert asked and all(url.startswith((page.as_uri(), "data:", "about:", "blob:")) for url in asked), asked
    assert [entry for entry in driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []


def test_it_opens_on_the_most_alike_pair_of_different_families(opened, tables):
    rows = tables["similarity"][tables["similarity"]["measure"] == "weighted_kendall"]
    family = dict(zip(tables["models"]["model"], tables["models"]["family"], strict=True))
    trained = ~rows["model_a"].str.contains("untrained") & ~rows["model_b"].str.contains("untrained")
    rows = rows[trained & (rows["model_a"].map(family) != rows["model_b"].map(family))]
    best = rows.loc[rows["value"].idxmax()]
    assert sorted(opened.pair) == sorted([f"{best.model_a}:{best.layer_a}", f"{best.model_b}:{best.layer_b}"])
    assert f"{best.value:.2f}" in opened.run("return document.getElementById('sentence').textContent")


def test_the_most_alike_pair_of_all_is_called_so_and_no_other_is(opened, tables):
    rows = tables["similarity"][tables["similarity"]["measure"] == "weighted_kendall"]
    trained = ~rows["model_a"].str.contains("untrained") & ~rows["model_b"].str.contains("untrained")
    rows = rows[trained & (rows["model_a"] != rows["model_b"])].sort_values("value")
    for row, words in ((rows.iloc[-1], f"none of the {len(rows):,} pairs"), (rows.iloc[-2], "more alike than 99 %")):
        opened.choose(f"{row.model_a}:{row.layer_a}", f"{row.model_b}:{row.layer_b}")
        assert words in opened.run("return document.getElementById('sentence').textContent")


def test_what_the_stimuli_do_not_resolve_is_said_and_crossed_out(driver, tables, tmp_path):
    similarity = tables["similarity"]
    layers = [similarity[f"model_{side}"] + ":" + similarity[f"layer_{side}"] for side in "ab"]
    resolved = ((layers[0] != "gpt2-seed0:1") & (layers[1] != "gpt2-seed0:1")).astype(object)
    resolved[similarity["measure"] != "weighted_kendall"] = None
    path = tmp_path / "page.html"
    write_page(path, **{**tables, "similarity": similarity.assign(resolved=resolved)})
    opened = Page(driver, path)
    layer = "explorer.data.layers.findIndex((layer) => layer.key === 'gpt2-seed0:1')"
    assert opened.run(f"return String(explorer.measure().unresolved) === String({layer})")
    said = "return document.getElementById('sentence').textContent"
    opened.choose("gpt2-seed0:1", "bert-seed0:0")
    assert "The stimuli tell no feature of GPT-2 seed 0, layer 1 from more than half of the others" in opened.run(said)
    matrix = "explorer.parts.find((one) => one.name === 'matrix')"
    drawn = f"return {matrix}.svg().querySelector('.unresolved')?.getAttribute('d').split('M').length ?? 0"
    assert opened.run(drawn) - 1 == 2 * opened.run("return explorer.data.layers.length") - 1
    opened.choose("gpt2-seed0:2", "bert-seed0:0")
    assert "The stimuli tell" not in opened.run(said)
    rsa = "explorer.data.measures.findIndex((measure) => measure.name === 'rsa')"
    opened.run(f"explorer.set({{ measure: {rsa} }})")
    assert opened.run(drawn) == 0


@pytest.mark.parametrize("width", [1280, 400])
def test_no_label_of_a_bar_is_cut_off(start_browser, page, width):
    driver = start_browser()
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    opened = Page(driver, page)
    left = "getBoundingClientRect().left"
    script = "return [...document.querySelectorAll('#parts svg text, #profiles svg text')]"
    script += f".map((text) => text.{left} - text.closest('svg').{left})"
    beginnings = opened.run(script)
    assert len(beginnings) > 20 and min(beginnings) >= -0.5


@pytest.mark.parametrize(
    ("one", "other"),
    [("gpt2-seed0:1", "mamba-seed0:final"), ("bert-seed0:0", "bert-seed0:4"), ("lstm-untrained:2", "gpt2-seed1:3")],
)
def test_contributions_are_those_of_python(opened, tables, one, other):
    opened.choose(one, other)
    importance = tables["importance"][tables["importance"]["role"] == "feature"]
    profiles = {}
    for key in (one, other):
        model, layer = key.split(":")
        rows = importance[(importance["model"] == model) & (importance["layer"] == layer)]
        profiles[key] = rows.set_index("feature")["importance"]
    expected = decompose_weighted_kendall(profiles[one], profiles[other])
    script = "const [a, b] = [explorer.state.a, explorer.state.b].map((layer) => explorer.profile(layer));"
    script += "const parts = explorer.kendallParts(a.map((one) => one.value), b.map((one) => one.value));"
    found = opened.run(f"{script} return Object.fromEntries(a.map((one, place) => [one.feature.name, parts[place]]))")
    assert found == pytest.approx(expected.to_dict(), abs=1e-12)
    assert f"{expected.sum():.3f}".replace("-", "−") in opened.run(
        "return document.getElementById('kendall-sum').textContent"
    )


def test_importance_is_shown_by_the_coding_that_is_chosen(driver, tables, tmp_path):
    both = figure_tables.with_codings(tables["importance"], "importance")
    path = tmp_path / "page.html"
    write_page(path, **{**tables, "importance": both})
    opened = Page(driver, path)
    own = opened.csv("profiles")
    opened.run("const box = document.getElementById('coding'); box.value = 1; box.dispatchEvent(new Event('change'))")
    other = opened.csv("profiles")
    assert set(own["coding"]) == {"levels"} and set(other["coding"]) == {"difference"}
    assert other["importance"].tolist() == pytest.approx((own["importance"] / 2).tolist())
    assert "by difference" in opened.run("return document.getElementById('parts').textContent")
    assert "the paper's form" in opened.run("return document.getElementById('profiles').textContent")
    address = "#" + urlsplit(driver.current_url).fragment
    assert Page(driver, path, address).run("return explorer.coding().name") == "difference"


def test_a_study_of_one_coding_has_nothing_to_choose(opened):
    assert opened.run("return document.getElementById('coding')") is None


def test_ties_are_counted_as_python_counts_them(opened):
    random = np.random.default_rng(0)
    for _ in range(40):
        # Noise of 1e-13 around an edge of rounding is no order.
        a, b = random.integers(0, 4, size=(2, 6)) / 4 + 5e-13 + random.normal(0, 1e-13, (2, 6))
        if np.ptp(a) < 0.1 or np.ptp(b) < 0.1:
            continue
        found = opened.run("return explorer.kendallParts(arguments[0], arguments[1])", a.tolist(), b.tolist())
        assert found == pytest.approx(decompose_weighted_kendall(pd.Series(a), pd.Series(b)).tolist(), abs=1e-12)


def test_explained_similarity_sums_to_its_measure(opened, tables):
    opened.choose("gpt2-seed0:2", "mamba-seed0:1")
    rows = tables["similarity"].query("measure == 'rsa' and model_a == 'gpt2-seed0' and layer_a == '2'")
    rows = rows.query("model_b == 'mamba-seed0' and layer_b == '1'")
    text = opened.run("return document.getElementById('parts').textContent")
    for by in ("values", "differences"):
        assert f"RSA by the features' {by} = {rows['value'].item():.3f}".replace("-", "−") in text
    assert text.index("values") < text.index("differences") and "How features combine" in text
    assert "95 % intervals for new sentences" in text
    opened.choose("gpt2-seed0:1", "mamba-seed0:1")
    assert "has not explained this pair" in opened.run("return document.getElementById('parts').textContent")


def test_the_keyboard_moves_in_the_matrix_and_takes_a_pair(opened):
    from selenium.webdriver import Keys

    opened.choose("bert-seed0:1", "bert-seed0:2")
    opened.run("document.getElementById('matrix-canvas').focus()")
    opened.keys(Keys.ARROW_RIGHT, Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    assert "layer 2 and BERT seed 0, layer 4" in opened.run("return document.getElementById('matrix-live').textContent")
    opened.keys(Keys.ENTER)
    assert opened.pair == ["bert-seed0:2", "bert-seed0:4"]


def test_the_tab_key_reaches_everything(opened):
    from selenium.webdriver import Keys

    script = "return [...document.querySelectorAll('select, input, button, canvas[tabindex], summary')]"
    count = opened.run(f"{script}.filter((one) => one.offsetParent !== null).length")
    opened.run(f"{script}.forEach((one) => one.dataset.reached = 'no')")
    for _ in range(count + 30):
        opened.keys(Keys.TAB)
        opened.run("document.activeElement.dataset.reached = 'yes'")
    missed = "(one) => one.offsetParent !== null && one.dataset.reached === 'no'"
    left = opened.run(f"{script}.filter({missed}).map((one) => one.outerHTML)")
    assert left == []


def test_filters_order_and_measure_change_the_matrix(opened, tables):
    everything = opened.csv("matrix")
    opened.run("document.querySelector('#bar input[value=gpt2]').click()")
    few = opened.csv("matrix")
    assert "gpt2" not in "".join({*few["model_a"], *few["model_b"]}) and len(few) < len(everything)
    opened.run("document.querySelector('#hide-untrained').click()")
    assert not opened.csv("matrix")["model_a"].str.contains("untrained").any()
    opened.run("explorer.set({ hidden: new Set(), untrained: true, order: 'likeness', measure: 1 })")
    alike = opened.csv("matrix")
    first = alike.iloc[: len(set(everything["model_a"] + everything["layer_a"]))]
    assert first["value"].is_monotonic_decreasing
    rows = tables["similarity"].set_index(["measure", "model_a", "layer_a", "model_b", "layer_b"])["value"]
    for row in everything.sample(20, random_state=0).itertuples(index=False):
        one, other = (row.model_a, row.layer_a), (row.model_b, row.layer_b)
        keys = [(row.measure, *one, *other), (row.measure, *other, *one)]
        expected = next(rows[key] for key in keys if key in rows.index)
        assert row.value == pytest.approx(expected, abs=4e-5)


def test_an_address_brings_back_what_was_chosen(driver, page):
    opened = Page(driver, page)
    opened.choose("gpt2-seed1:3", "bert-seed0:final")
    opened.run(
        "explorer.set({ measure: 1, order: 'depth', hidden: new Set(['mamba']), colour: 'tense', search: 'word1' })"
    )
    address = "#" + urlsplit(opened.driver.current_url).fragment
    again = Page(driver, page, address)
    assert again.pair == ["gpt2-seed1:3", "bert-seed0:final"]
    script = "const s = explorer.state; return [explorer.measure().name, s.order, [...s.hidden], s.colour, s.search]"
    assert again.run(script) == ["rsa", "depth", ["mamba"], "tense", "word1"]
    assert parse_qs(address[1:])["measure"] == ["rsa"]
    broken = Page(driver, page, "#measure=none&a=no:1&order=up&hide=<b>&colour=x")
    assert broken.run("return explorer.state.order") == "study"


def test_files_are_saved(start_browser, page, tmp_path):
    opened = Page(start_browser(downloads=tmp_path), page)
    for name in ("matrix SVG", "matrix PNG", "profiles SVG", "profiles PNG", "profiles CSV"):
        opened.run("document.querySelector(`[data-file='${arguments[0]}']`).click()", name)
        ending = name.split()[1].lower()
        for _ in range(100):
            found = [one for one in tmp_path.glob(f"*{name.split()[0]}.{ending}") if one.stat().st_size]
            if found:
                break
            time.sleep(0.1)
        assert found, (name, list(tmp_path.iterdir()))
        content = found[0].read_bytes()
        assert content.startswith({"svg": b"<svg", "png": b"\x89PNG", "csv": b"model,layer,feature"}[ending])
    saved = pd.read_csv(next(tmp_path.glob("*profiles.csv")))
    assert saved["importance"].tolist() == opened.csv("profiles")["importance"].tolist()


def test_words_are_found_and_shown_in_their_sentence(opened, tables):
    opened.run("explorer.set({ search: 'script' })")
    hits = opened.run("return [...explorer.parts.find((one) => one.name === 'words').hits]")
    assert len(hits) == 1
    opened.run("explorer.parts.find((one) => one.name === 'words').choose(arguments[0])", hits[0])
    shown = opened.run("return document.querySelector('#word mark').textContent")
    assert shown == MARKUP and opened.run("return window.harmed === undefined")
    sentence = " ".join(tables["sentences"]["words"].iloc[1])
    assert sentence in opened.run("return document.getElementById('word').textContent")


def test_the_second_map_is_turned_to_the_first(opened):
    opened.choose("gpt2-seed0:0", "mamba-seed0:2")
    one, other = (opened.csv("words", side)[["x", "y"]] for side in (0, 1))
    assert np.abs((one - one.mean()) - other).to_numpy().max() < 1


def test_nearest_layers_are_the_tables(opened, tables):
    opened.choose("gpt2-seed0:1", "bert-seed0:0")
    rows = tables["similarity"].query(
        "measure == 'weighted_kendall' and model_a == 'gpt2-seed0' and layer_a == '1' and model_b == 'mamba-seed0'"
    )
    script = "return explorer.parts.find((one) => one.name === 'nearest').rows()"
    found = opened.run(f"{script}.map((row) => [row.model.name, row.near.layer.layer, row.far.layer.layer])")
    near, far = rows.loc[rows["value"].idxmax(), "layer_b"], rows.loc[rows["value"].idxmin(), "layer_b"]
    assert ["mamba-seed0", near, far] in found


def test_nothing_sticks_out_on_a_phone(start_browser, page):
    driver = start_browser()
    size = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    opened = Page(driver, page)
    assert opened.run("return document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_it(start_browser, page, scheme):
    axe = files("axe_core_python").joinpath("axe.min.js").read_text()
    driver = start_browser()
    media = [{"name": "prefers-color-scheme", "value": scheme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": media})
    opened = Page(driver, page)
    opened.run("document.querySelectorAll('summary').forEach((one) => one.click())")
    opened.run(axe)
    script = "const done = arguments[0]; axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa']})"
    script += ".then((found) => done(found.violations.map((one) => [one.id, one.nodes.map((node) => node.html)])))"
    assert driver.execute_async_script(script) == []


def test_it_works_inside_a_report(start_browser, page, tmp_path):
    encoded = base64.b64encode(page.read_bytes()).decode()
    report = f'<iframe src="data:text/html;base64,{encoded}" width="1000" height="800"></iframe>'
    (tmp_path / "report.html").write_text(report)
    driver = start_browser()
    driver.get((tmp_path / "report.html").as_uri())
    driver.switch_to.frame(0)
    for _ in range(100):
        if driver.execute_script("return document.documentElement.dataset.ready") == "yes":
            break
        time.sleep(0.05)
    assert "layer" in driver.execute_script("return document.getElementById('sentence').textContent")
