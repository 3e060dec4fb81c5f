"use strict";
/* Similarity of the pair's two models along their depth: at the same relative depth, and with the best layer. */
explorer.parts.push({
  name: "depth",
  start() {
    this.node = explorer.place("depth");
    this.draw(["a"]);
  },
  draw(changed) {
    if (!changed.some((key) => ["a", "b", "measure", "theme"].includes(key))) return;
    const { state, data } = explorer;
    const [one, other] = [data.layers[state.a].model, data.layers[state.b].model];
    const caption = `Each layer of ${one.label}, by its relative depth (0 first, 1 last): solid, ${explorer.measure().short} with the layer of ${other.label} that is nearest in relative depth; dashed, with the layer of ${other.label} that is most alike, which is the best of many and hence never below.`;
    explorer.clear(this.node).append(explorer.picture({ name: "depth", drawing: this.svg(), caption, table: () => this.table(), svg: () => this.svg() }));
  },
  rows() {
    const { state, data } = explorer;
    const measure = explorer.measure();
    const sign = measure.larger ? 1 : -1;
    const layersOf = (model) => data.layers.filter((layer) => layer.model === model);
    const others = layersOf(data.layers[state.b].model);
    return layersOf(data.layers[state.a].model).map((layer) => {
      const usable = others.filter((one) => one !== layer);
      const level = others.reduce((best, one) => (Math.abs(one.depth - layer.depth) < Math.abs(best.depth - layer.depth) ? one : best));
      const values = usable.map((one) => ({ layer: one, value: explorer.value(measure, layer.index, one.index) })).filter((one) => !Number.isNaN(one.value));
      const best = values.reduce((found, one) => (found === null || sign * one.value > sign * found.value ? one : found), null);
      return { layer, level, same: explorer.value(measure, layer.index, level.index), best };
    });
  },
  svg() {
    const [width, height, left, right, bottom] = [explorer.chartWidth(), 250, 50, 20, 42];
    const rows = this.rows();
    const ink = explorer.colour("--ink");
    const numbers = rows.flatMap((row) => [row.same, row.best?.value ?? NaN]).filter(Number.isFinite);
    const low = Math.min(0, ...numbers);
    const high = Math.max(low + 1e-9, ...numbers);
    const x = (depth) => left + depth * (width - left - right);
    const y = (value) => 10 + (1 - (value - low) / (high - low)) * (height - 10 - bottom);
    const svg = explorer.shape("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Similarity of the two models by relative depth", "font-family": "sans-serif", "font-size": 12, fill: ink });
    for (const tick of explorer.ticks(low, high)) {
      svg.append(explorer.shape("line", { x1: left, x2: width - right, y1: y(tick), y2: y(tick), stroke: explorer.colour("--line") }),
        explorer.shape("text", { x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, explorer.number(tick)));
    }
    for (const tick of [0, 0.25, 0.5, 0.75, 1]) svg.append(explorer.shape("text", { x: x(tick), y: height - bottom + 18, "text-anchor": "middle" }, String(tick)));
    svg.append(explorer.shape("text", { x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" }, `Relative depth in ${explorer.data.layers[explorer.state.a].model.label}`));
    const colour = explorer.visible(explorer.data.layers[explorer.state.a].model.colour);
    for (const [read, dashes] of [[(row) => row.same, null], [(row) => row.best?.value ?? NaN, "5 4"]]) {
      const points = rows.filter((row) => Number.isFinite(read(row))).map((row) => [x(row.layer.depth), y(read(row))]);
      svg.append(explorer.shape("polyline", { points: points.map((point) => point.join(",")).join(" "), fill: "none", stroke: colour, "stroke-width": 2, "stroke-dasharray": dashes }));
      for (const [cx, cy] of points) svg.append(explorer.shape("circle", { cx, cy, r: 3.5, fill: colour }));
    }
    return svg;
  },
  table() {
    const rows = this.rows().map((row) => [row.layer.model.name, row.layer.layer, row.layer.depth, row.level.model.name, row.level.layer, row.same, row.best?.layer.layer ?? "", row.best?.value ?? NaN]);
    return { header: ["model_a", "layer_a", "depth", "model_b", "layer_at_depth", "value_at_depth", "most_alike_layer", "most_alike_value"], rows };
  },
});
