"use strict";
/* What is chosen, in the page's address: who opens the address sees the same. */
explorer.state = {
  measure: 0, coding: 0, order: "study", hidden: new Set(), untrained: true, a: 0, b: 0, colour: "", search: "", word: -1,
};

explorer.measure = () => explorer.data.measures[explorer.state.measure];

/* Change what is chosen and draw what depends on it. */
explorer.set = (changes) => {
  Object.assign(explorer.state, changes);
  explorer.writeAddress();
  for (const part of explorer.parts) part.draw(Object.keys(changes));
};

explorer.writeAddress = () => {
  const { state, data } = explorer;
  const address = new URLSearchParams({
    measure: explorer.measure().name, order: state.order, a: data.layers[state.a].key, b: data.layers[state.b].key,
  });
  if (state.hidden.size) address.set("hide", [...state.hidden].join(" "));
  if (state.coding) address.set("coding", explorer.coding().name);
  if (!state.untrained) address.set("untrained", "0");
  if (state.colour) address.set("colour", state.colour);
  if (state.search) address.set("search", state.search);
  try {
    history.replaceState(null, "", `#${address}`);
  } catch {
    // A page inside another page has no address of its own.
  }
};

explorer.readAddress = () => {
  const { state, data } = explorer;
  const address = new URLSearchParams(location.hash.slice(1));
  const place = (list, test, otherwise) => {
    const found = list.findIndex(test);
    return found === -1 ? otherwise : found;
  };
  state.measure = place(data.measures, (one) => one.name === address.get("measure"), 0);
  state.coding = place(data.profiles.codings, (one) => one.name === address.get("coding"), 0);
  state.order = ["study", "depth", "likeness"].includes(address.get("order")) ? address.get("order") : "study";
  state.untrained = address.get("untrained") !== "0";
  const families = new Set(data.models.map((model) => model.family));
  state.hidden = new Set((address.get("hide") ?? "").split(" ").filter((family) => families.has(family)));
  const [first, second] = explorer.mostAlike();
  state.a = place(data.layers, (layer) => layer.key === address.get("a"), first);
  state.b = place(data.layers, (layer) => layer.key === address.get("b"), second);
  const levels = Object.keys(data.words?.levels ?? {});
  state.colour = levels.includes(address.get("colour")) ? address.get("colour") : "";
  state.search = address.get("search") ?? "";
};

/* The most alike pair of trained layers of different families; of different models, or any, where there is none. */
explorer.mostAlike = () => {
  const { layers } = explorer.data;
  const measure = explorer.measure();
  const sign = measure.larger ? 1 : -1;
  const tests = [
    (a, b) => a.model.family !== b.model.family && !a.model.control && !b.model.control,
    (a, b) => a.model.entry !== b.model.entry && !a.model.control && !b.model.control,
    (a, b) => a !== b,
  ];
  for (const test of tests) {
    let best = null;
    let largest = -Infinity;
    for (const a of layers) {
      for (let place = a.index; place < layers.length; place += 1) {
        if (!test(a, layers[place])) continue;
        const value = sign * explorer.value(measure, a.index, place);
        if (value > largest) [largest, best] = [value, [a.index, place]];
      }
    }
    if (best) return best;
  }
  return [0, 0];
};

/* The layers that are shown, in the order that is chosen. */
explorer.shownLayers = () => {
  const { state, data } = explorer;
  const shown = data.layers.filter(
    (layer) => !state.hidden.has(layer.model.family) && (state.untrained || !layer.model.control),
  );
  if (state.order === "depth") shown.sort((one, other) => one.depth - other.depth || one.index - other.index);
  if (state.order === "likeness") {
    const measure = explorer.measure();
    const sign = measure.larger ? -1 : 1;
    const rank = (layer) => {
      const value = sign * explorer.value(measure, state.a, layer.index);
      return Number.isNaN(value) ? Infinity : value;
    };
    shown.sort((one, other) => rank(one) - rank(other) || one.index - other.index);
  }
  return shown.map((layer) => layer.index);
};
