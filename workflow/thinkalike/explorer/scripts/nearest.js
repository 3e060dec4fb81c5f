"use strict";
/* For each model its layer that is most alike to the first layer of the pair, and the one that is least. */
explorer.parts.push({
  name: "nearest",
  start() {
    this.node = explorer.place("nearest");
    this.draw(["a"]);
  },
  draw(changed) {
    if (!changed.some((key) => ["a", "measure"].includes(key))) return;
    const { state, data } = explorer;
    const rows = this.rows();
    const button = (layer) => explorer.element("button", { type: "button", "aria-label": `Compare with ${layer.name}`, onclick: () => explorer.set({ b: layer.index }) }, layer.label);
    const shown = rows.map(({ model, near, far }) => [model.label, button(near.layer), near.value, button(far.layer), far.value]);
    const header = ["Model", "Nearest layer", explorer.measure().short, "Farthest layer", explorer.measure().short];
    const csv = () => explorer.saveCsv("nearest", {
      header: ["model_a", "layer_a", "measure", "model_b", "nearest", "nearest_value", "farthest", "farthest_value"],
      rows: rows.map(({ model, near, far }) => [data.layers[state.a].model.name, data.layers[state.a].layer, explorer.measure().name, model.name, near.layer.layer, near.value, far.layer.layer, far.value]),
    });
    explorer.clear(this.node).append(
      explorer.element("p", {}, `To ${data.layers[state.a].name}, nearest model first. A layer's button takes it as the second of the pair.`),
      explorer.table({ header, rows: shown }),
      explorer.element("div", { class: "tools" }, explorer.element("button", { type: "button", onclick: csv, "data-file": "nearest CSV" }, "CSV")),
    );
  },
  rows() {
    const { state, data } = explorer;
    const measure = explorer.measure();
    const sign = measure.larger ? -1 : 1;
    const rows = data.models.map((model) => {
      const layers = data.layers.filter((layer) => layer.model === model && layer.index !== state.a)
        .map((layer) => ({ layer, value: explorer.value(measure, state.a, layer.index) })).filter((one) => !Number.isNaN(one.value));
      layers.sort((one, other) => sign * (one.value - other.value) || one.layer.index - other.layer.index);
      return layers.length ? { model, near: layers[0], far: layers[layers.length - 1] } : null;
    });
    return rows.filter(Boolean).sort((one, other) => sign * (one.near.value - other.near.value));
  },
});
