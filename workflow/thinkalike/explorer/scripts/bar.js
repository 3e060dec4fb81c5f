"use strict";
/* The bar: what is shown, and which layer is looked for. */
explorer.parts.push({
  start() {
    const { data, state } = explorer;
    const form = document.getElementById("bar");
    form.addEventListener("submit", (event) => event.preventDefault());
    const options = (list) => list.map(([value, text]) => explorer.element("option", { value }, text));
    if (data.datasets.length > 1) {
      const go = (event) => { location.href = `../${encodeURIComponent(event.target.value)}/explorer.html${location.hash}`; };
      this.dataset = explorer.element("select", { onchange: go }, ...options(data.datasets.map((name) => [name, name])));
      this.dataset.value = data.dataset;
      form.append(explorer.element("label", {}, "Dataset ", this.dataset));
    }
    this.measure = explorer.element("select", { id: "measure", onchange: () => explorer.set({ measure: Number(this.measure.value) }) },
      ...options(data.measures.map((one, place) => [place, one.short])));
    this.order = explorer.element("select", { id: "order", onchange: () => explorer.set({ order: this.order.value }) },
      ...options([["study", "as in the study"], ["depth", "by depth"], ["likeness", "by likeness to the first layer"]]));
    form.append(explorer.element("label", {}, "Measure ", this.measure), explorer.element("label", {}, "Order ", this.order));
    const codings = data.profiles.codings;
    this.coding = explorer.element("select", { id: "coding", onchange: () => explorer.set({ coding: Number(this.coding.value) }) },
      ...options(codings.map((one, place) => [place, one.name])));
    if (codings.length > 1) form.append(explorer.element("label", {}, `${data.profiles.noun === "weight" ? "Weights" : "Importance"} by `, this.coding));
    const families = [...new Map(data.models.map((model) => [model.family, model])).values()];
    this.families = families.map((model) => {
      const box = explorer.element("input", { type: "checkbox", value: model.family, onchange: () => this.filter() });
      return [box, explorer.element("label", {}, box, " ", explorer.swatch(model.colour), model.familyLabel)];
    });
    form.append(explorer.element("fieldset", {}, explorer.element("legend", {}, "Families"), ...this.families.map(([, label]) => label)));
    this.untrained = explorer.element("input", { type: "checkbox", id: "hide-untrained", onchange: () => explorer.set({ untrained: !this.untrained.checked }) });
    if (data.models.some((model) => model.control)) form.append(explorer.element("label", {}, this.untrained, " hide untrained"));
    this.find = explorer.element("input", { type: "search", id: "find", list: "layers", size: 18, placeholder: "gpt2, layer 4", onchange: () => this.look() });
    const list = explorer.element("datalist", { id: "layers" }, ...data.layers.map((layer) => explorer.element("option", { value: layer.name })));
    this.found = explorer.element("span", { "aria-live": "polite" });
    form.append(explorer.element("label", {}, "Find a layer ", this.find), list, this.found);
    this.draw();
    return state;
  },
  filter() {
    explorer.set({ hidden: new Set(this.families.filter(([box]) => !box.checked).map(([box]) => box.value)) });
  },
  look() {
    const wanted = this.find.value.trim().toLowerCase();
    const test = (layer) => layer.name.toLowerCase() === wanted || layer.key.toLowerCase() === wanted;
    const layer = explorer.data.layers.find(test) ?? explorer.data.layers.find((one) => wanted && one.name.toLowerCase().includes(wanted));
    this.found.textContent = layer ? "" : wanted ? "There is no such layer." : "";
    if (layer) explorer.set({ a: layer.index });
  },
  draw() {
    const { state } = explorer;
    this.measure.value = state.measure;
    this.order.value = state.order;
    this.coding.value = state.coding;
    this.untrained.checked = !state.untrained;
    for (const [box] of this.families) box.checked = !state.hidden.has(box.value);
  },
});
