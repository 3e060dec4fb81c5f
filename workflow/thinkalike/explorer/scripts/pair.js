"use strict";
/* The chosen pair in words, and every measure of it. */
explorer.parts.push({
  name: "pair",
  start() {
    this.node = explorer.place("pair");
    this.node.setAttribute("aria-live", "polite");
    this.draw(["a"]);
  },
  draw(changed) {
    if (!changed.some((key) => ["a", "b", "measure", "coding"].includes(key))) return;
    const { state, data } = explorer;
    const swap = explorer.element("button", { type: "button", id: "swap", onclick: () => explorer.set({ a: state.b, b: state.a }) }, "Swap the two");
    const copy = explorer.element("button", { type: "button", onclick: () => this.copy(copy) }, "Copy a link to this pair");
    const csv = explorer.element("button", { type: "button", onclick: () => explorer.saveCsv("measures", this.csv()), "data-file": "measures CSV" }, "CSV");
    explorer.clear(this.node).append(
      explorer.element("p", { class: "sentence", id: "sentence" }, this.sentence()),
      explorer.table(this.table()),
      ...this.brief(data),
      explorer.element("div", { class: "tools" }, swap, copy, csv),
    );
    document.title = `${data.layers[state.a].name} and ${data.layers[state.b].name}`;
  },
  brief(data) {
    if (!data.measures.some((measure) => measure.brief)) return [];
    const text = 'The study has too many pairs of layers for a page to hold their intervals; they are in the table "similarity".';
    return [explorer.element("p", {}, text)];
  },
  sentence() {
    const { state, data } = explorer;
    const measure = explorer.measure();
    const [a, b] = [data.layers[state.a], data.layers[state.b]];
    const value = explorer.value(measure, state.a, state.b);
    if (a === b) return `${a.name} with itself; choose another layer to compare it with.`;
    const start = `${a.name} and ${b.name}`;
    if (Number.isNaN(value)) return `${start}: ${measure.short} is not defined for them, as where no feature explains a layer.`;
    const low = explorer.value(measure, state.a, state.b, "low");
    const high = explorer.value(measure, state.a, state.b, "high");
    const interval = Number.isNaN(low) ? "" : ` (interval ${explorer.number(low)} to ${explorer.number(high)})`;
    const { less, more, count } = this.rank(measure, value);
    const pairs = `the ${count.toLocaleString("en")} pairs of layers of different trained models`;
    const rank = count === 0 ? "with no pair of layers of different trained models to rank it among" : more === 0 ? `and none of ${pairs} is more alike` : `more alike than ${Math.floor((100 * less) / Math.max(count, 1))} % of ${pairs}`;
    return `${start}: ${measure.short} ${explorer.number(value)}${interval}, ${rank}. ${this.open(measure, a, b)}${this.features(a, b)}`;
  },
  /* What the stimuli leave open. */
  open(measure, a, b) {
    const names = explorer.unresolved(measure, a.index, b.index).map((layer) => explorer.data.layers[layer].name);
    return names.length ? `The stimuli tell no feature of ${names.join(" and of ")} from more than half of the others, so this is not decided. ` : "";
  },
  /* How many of the pairs of different trained models are less alike, and how many more. */
  rank(measure, value) {
    const { layers } = explorer.data;
    const sign = measure.larger ? 1 : -1;
    let [less, more, count] = [0, 0, 0];
    for (const a of layers) {
      if (a.model.control) continue;
      for (let place = a.index + 1; place < layers.length; place += 1) {
        const b = layers[place];
        if (b.model.control || b.model === a.model) continue;
        const other = explorer.value(measure, a.index, place);
        if (Number.isNaN(other)) continue;
        count += 1;
        if (sign * other < sign * value) less += 1;
        if (sign * other > sign * value) more += 1;
      }
    }
    return { less, more, count };
  },
  features(a, b) {
    const first = (layer) => {
      const profile = explorer.profile(layer.index).filter((one) => Number.isFinite(one.value));
      return profile.reduce((best, one) => (best === null || one.value > best.value ? one : best), null);
    };
    const [one, other] = [first(a), first(b)];
    if (!one || !other || one.value <= 0 || other.value <= 0) return "No feature explains one of them.";
    const { noun } = explorer.data.profiles;
    const written = (best) => `${best.feature.label.toLowerCase()} (${noun} ${explorer.number(best.value)})`;
    if (one.feature === other.feature) {
      return `The feature of most ${noun} is the same in both: ${one.feature.label.toLowerCase()} (${explorer.number(one.value)} and ${explorer.number(other.value)}).`;
    }
    return `The feature of most ${noun} is ${written(one)} in the first and ${written(other)} in the second.`;
  },
  table() {
    const { state, data } = explorer;
    const tested = data.measures.some((measure) => measure.blocks.p);
    const rows = data.measures.map((measure) => {
      const read = (column) => explorer.value(measure, state.a, state.b, column);
      const [low, high, p] = [read("low"), read("high"), read("p")];
      const interval = Number.isNaN(low) ? "" : `${explorer.number(low)} to ${explorer.number(high)}`;
      const alike = measure.larger ? "larger: more alike" : "smaller: more alike";
      const test = tested ? [Number.isNaN(p) ? "" : explorer.number(p, 3)] : [];
      return [measure.label, read("value"), interval, ...test, measure.chance, alike];
    });
    return { header: ["Measure", "Value", "Interval", ...(tested ? ["p"] : []), "By chance", "Direction"], rows };
  },
  csv() {
    const { state, data } = explorer;
    const [a, b] = [data.layers[state.a], data.layers[state.b]];
    const rows = data.measures.map((measure) => {
      const read = (column) => explorer.value(measure, state.a, state.b, column);
      return [a.model.name, a.layer, b.model.name, b.layer, measure.name, read("value"), read("low"), read("high"), read("p")];
    });
    return { header: ["model_a", "layer_a", "model_b", "layer_b", "measure", "value", "low", "high", "p"], rows };
  },
  async copy(button) {
    try {
      await navigator.clipboard.writeText(location.href);
      button.textContent = "Copied";
    } catch {
      button.textContent = "The link is the page's address";
    }
  },
});
