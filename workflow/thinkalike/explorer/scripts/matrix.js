"use strict";
/* The matrix of all pairs of layers, on a canvas: hover, click, or arrow keys and Enter. */
explorer.parts.push({
  name: "matrix",
  start() {
    this.cursor = null;
    this.canvas = explorer.element("canvas", {
      tabindex: "0", role: "application", id: "matrix-canvas", "aria-describedby": "matrix-help", "aria-label": "Matrix of all pairs of layers",
      onmousemove: (event) => this.point(this.cell(event)), onmouseleave: () => this.point(null), onclick: (event) => this.pin(this.cell(event)),
      onkeydown: (event) => this.key(event),
    });
    this.live = explorer.element("p", { class: "live", id: "matrix-live", "aria-live": "polite" });
    this.legend = explorer.element("div");
    this.empty = explorer.element("p", { hidden: true }, "No layer is left: show a family again.");
    const help = "Hover or tap a cell, or move with the arrow keys; a click or Enter takes the pair. The bands at the edges are the families.";
    const picture = explorer.picture({
      name: "matrix", drawing: explorer.element("div", {}, this.canvas, this.empty, this.live, this.legend), caption: explorer.element("span", { id: "matrix-help" }, help),
      table: () => this.table(), svg: () => this.svg(), png: () => this.canvas,
    });
    document.getElementById("matrix").append(picture);
    new ResizeObserver(() => this.paint()).observe(this.canvas.parentElement);
    this.draw(["measure"]);
  },
  draw(changed) {
    if (!changed.some((key) => ["measure", "order", "hidden", "untrained", "a", "b"].includes(key))) return;
    this.shown = explorer.shownLayers();
    if (this.cursor && !this.cursor.every((layer) => this.shown.includes(layer))) this.cursor = null;
    this.empty.hidden = this.shown.length > 0;
    this.canvas.hidden = this.shown.length === 0;
    this.image = this.shown.length ? this.cells() : null;
    this.drawLegend();
    this.paint();
  },
  /* One pixel for each pair. */
  cells() {
    const measure = explorer.measure();
    const count = this.shown.length;
    const image = new ImageData(count, count);
    const pixels = new Uint32Array(image.data.buffer);
    // A pixel's bytes are red, green, blue and opacity, the first the lowest.
    const colours = measure.colours.map((colour) => {
      const [red, green, blue] = [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16));
      return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
    });
    const grey = 0xff969696;
    const last = colours.length - 1;
    this.shown.forEach((row, y) => {
      for (let x = y; x < count; x += 1) {
        const value = explorer.value(measure, row, this.shown[x]);
        const place = Math.round(((value - measure.low) / (measure.high - measure.low)) * last);
        const colour = Number.isNaN(value) ? grey : colours[Math.min(Math.max(place, 0), last)];
        pixels[y * count + x] = colour;
        pixels[x * count + y] = colour;
      }
    });
    const canvas = explorer.element("canvas", { width: count, height: count });
    canvas.getContext("2d").putImageData(image, 0, 0);
    return canvas;
  },
  paint() {
    if (!this.image) return;
    const size = this.canvas.clientWidth || 600;
    const ratio = window.devicePixelRatio || 1;
    this.band = 12;
    this.canvas.style.height = `${size}px`;
    this.canvas.width = this.canvas.height = Math.round(size * ratio);
    const context = this.canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.imageSmoothingEnabled = false;
    const cell = (size - this.band) / this.shown.length;
    context.drawImage(this.image, this.band, this.band, size - this.band, size - this.band);
    this.shown.forEach((layer, place) => {
      const { model } = explorer.data.layers[layer];
      context.fillStyle = explorer.visible(model.colour);
      context.globalAlpha = model.control ? 0.45 : 1;
      context.fillRect(0, this.band + place * cell, this.band - 3, cell + 0.5);
      context.fillRect(this.band + place * cell, 0, cell + 0.5, this.band - 3);
      context.globalAlpha = 1;
      const before = place ? explorer.data.layers[this.shown[place - 1]].model : model;
      if (before !== model && explorer.state.order === "study") {
        context.fillStyle = before.family === model.family ? "#00000055" : "#000000";
        context.fillRect(this.band, this.band + place * cell - 0.5, size, 1);
        context.fillRect(this.band + place * cell - 0.5, this.band, 1, size);
      }
    });
    this.cross(context, cell);
    const frame = (pair, colour, width) => {
      const [x, y] = pair.map((layer) => this.shown.indexOf(layer));
      if (x < 0 || y < 0) return;
      for (const [left, top] of [[x, y], [y, x]]) {
        context.strokeStyle = "#ffffff";
        context.lineWidth = width + 2;
        context.strokeRect(this.band + left * cell - 1, this.band + top * cell - 1, cell + 2, cell + 2);
        context.strokeStyle = colour;
        context.lineWidth = width;
        context.strokeRect(this.band + left * cell - 1, this.band + top * cell - 1, cell + 2, cell + 2);
      }
    };
    frame([explorer.state.a, explorer.state.b], "#000000", 2);
    if (this.cursor) frame(this.cursor, "#d000d0", 2);
  },
  /* Cross out what the stimuli do not resolve, where a cell is large enough to see it. */
  cross(context, cell) {
    const unresolved = new Set(explorer.measure().unresolved);
    if (!unresolved.size || cell < 3) return;
    context.strokeStyle = "#1b1e23";
    context.lineWidth = Math.min(1, cell / 8);
    context.beginPath();
    const [near, far] = [0.25 * cell, 0.75 * cell];
    this.shown.forEach((row, y) => this.shown.forEach((column, x) => {
      if (!unresolved.has(row) && !unresolved.has(column)) return;
      const [left, top] = [this.band + x * cell, this.band + y * cell];
      context.moveTo(left + near, top + near);
      context.lineTo(left + far, top + far);
      context.moveTo(left + near, top + far);
      context.lineTo(left + far, top + near);
    }));
    context.stroke();
  },
  cell(event) {
    const box = this.canvas.getBoundingClientRect();
    const cell = (box.width - this.band) / this.shown.length;
    const places = [event.clientX - box.left, event.clientY - box.top].map((one) => Math.floor((one - this.band) / cell));
    return places.every((one) => one >= 0 && one < this.shown.length) ? places.map((one) => this.shown[one]) : null;
  },
  point(pair) {
    if (String(pair) === String(this.cursor)) return;
    this.cursor = pair;
    this.live.textContent = pair ? this.words(pair) : "";
    this.paint();
  },
  words([one, other]) {
    const { layers } = explorer.data;
    const value = explorer.value(explorer.measure(), one, other);
    const written = Number.isNaN(value) ? "not defined" : explorer.number(value);
    const open = explorer.unresolved(explorer.measure(), one, other).length ? ", not resolved by the stimuli" : "";
    return `${layers[one].name} and ${layers[other].name}: ${explorer.measure().short} ${written}${open}.`;
  },
  pin(pair) {
    if (pair) explorer.set({ a: pair[0], b: pair[1] });
  },
  key(event) {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const pair = this.cursor ?? [explorer.state.a, explorer.state.b];
    if (event.key === "Enter") this.pin(pair);
    if (!steps[event.key]) return;
    event.preventDefault();
    const far = event.shiftKey ? 5 : 1;
    const move = (layer, step) => {
      const place = Math.max(this.shown.indexOf(layer), 0) + step * far;
      return this.shown[Math.min(Math.max(place, 0), this.shown.length - 1)];
    };
    this.point(pair.map((layer, axis) => move(layer, steps[event.key][axis])));
  },
  drawLegend() {
    const measure = explorer.measure();
    const scale = explorer.element("canvas", { width: measure.colours.length, height: 1, style: "height:12px;image-rendering:pixelated", role: "img", "aria-label": `Colours from ${explorer.number(measure.low)} to ${explorer.number(measure.high)}` });
    measure.colours.forEach((colour, place) => {
      scale.getContext("2d").fillStyle = colour;
      scale.getContext("2d").fillRect(place, 0, 1, 1);
    });
    const alike = measure.larger ? "a larger value is more alike" : "a smaller value is more alike";
    const crossed = measure.unresolved.length ? ", crossed out where the stimuli do not resolve a layer's profile" : "";
    explorer.clear(this.legend).append(scale, explorer.element("p", {}, `${measure.label}: ${explorer.number(measure.low)} to ${explorer.number(measure.high)}, ${alike}; grey where it is not defined${crossed}.`));
  },
  table() {
    const measure = explorer.measure();
    const columns = ["value", "low", "high", "p", "calibrated"].filter((column) => measure.blocks[column]);
    const rows = [];
    this.shown.forEach((one, place) => {
      for (const other of this.shown.slice(place + 1)) {
        const [a, b] = [explorer.data.layers[one], explorer.data.layers[other]];
        rows.push([a.model.name, a.layer, b.model.name, b.layer, measure.name, ...columns.map((column) => explorer.value(measure, one, other, column))]);
      }
    });
    return { header: ["model_a", "layer_a", "model_b", "layer_b", "measure", ...columns], rows };
  },
  svg() {
    const [size, left] = [640, 150];
    const cell = size / this.shown.length;
    const svg = explorer.shape("svg", { viewBox: `0 0 ${left + size + 8} ${size + 40}`, "font-family": "sans-serif", "font-size": 12, fill: explorer.colour("--ink") });
    svg.append(explorer.shape("image", { href: this.image.toDataURL(), x: left, y: 4, width: size, height: size, style: "image-rendering:pixelated", preserveAspectRatio: "none" }));
    const unresolved = new Set(explorer.measure().unresolved);
    const crosses = this.shown.flatMap((row, y) => this.shown.map((column, x) => {
      if (!unresolved.has(row) && !unresolved.has(column)) return "";
      const [near, across] = [0.25 * cell, 0.5 * cell];
      return `M${left + x * cell + near},${4 + y * cell + near}l${across},${across}m${-across},0l${across},${-across}`;
    }));
    if (unresolved.size) svg.append(explorer.shape("path", { d: crosses.join(""), class: "unresolved", fill: "none", stroke: "#1b1e23", "stroke-width": Math.min(1, cell / 8) }));
    let start = 0;
    this.shown.forEach((layer, place) => {
      const { model } = explorer.data.layers[layer];
      const next = explorer.data.layers[this.shown[place + 1]]?.model;
      if (next === model) return;
      const middle = 4 + ((start + place + 1) / 2) * cell;
      svg.append(explorer.shape("rect", { x: left - 8, y: 4 + start * cell, width: 6, height: (place + 1 - start) * cell, fill: model.colour }));
      if ((place + 1 - start) * cell > 10) svg.append(explorer.shape("text", { x: left - 12, y: middle + 4, "text-anchor": "end" }, model.label));
      start = place + 1;
    });
    svg.append(explorer.shape("text", { x: left, y: size + 26 }, `${explorer.measure().label}, ${explorer.number(explorer.measure().low)} to ${explorer.number(explorer.measure().high)}`));
    return svg;
  },
});
