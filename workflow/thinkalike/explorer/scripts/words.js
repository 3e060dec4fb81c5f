"use strict";
/* Both layers' words in the plane, under one hover, coloured by any feature, found by typing. */
explorer.parts.push({
  name: "words",
  start() {
    const { data, state } = explorer;
    this.node = explorer.place("words");
    if (!data.words) {
      this.node.append(explorer.element("p", {}, "The study has no maps of words."));
      return;
    }
    const names = Object.keys(data.words.levels);
    const label = (name) => data.profiles.features.find((feature) => feature.name === name).label;
    this.colour = explorer.element("select", { id: "colour", onchange: () => explorer.set({ colour: this.colour.value }) },
      explorer.element("option", { value: "" }, "most important in the first layer"), ...names.map((name) => explorer.element("option", { value: name }, label(name))));
    this.search = explorer.element("input", { type: "search", id: "search", value: state.search, oninput: () => explorer.set({ search: this.search.value }) });
    this.found = explorer.element("span", { "aria-live": "polite" });
    this.maps = [0, 1].map((side) => {
      const canvas = explorer.element("canvas", {
        tabindex: "0", role: "application", "aria-label": `Words of the ${side ? "second" : "first"} layer; the arrow keys go from word to word`,
        onmousemove: (event) => this.hover(side, event), onmouseleave: () => this.choose(-1), onclick: (event) => this.hover(side, event), onkeydown: (event) => this.key(side, event),
      });
      return { canvas, title: explorer.element("h3"), note: explorer.element("span") };
    });
    this.live = explorer.element("p", { class: "live", id: "word", "aria-live": "polite" });
    this.legend = explorer.element("ul", { class: "legend" });
    const pictures = this.maps.map((map, side) => explorer.element("div", {}, map.title, explorer.picture({
      name: side ? "words of the second layer" : "words of the first layer", drawing: map.canvas, caption: map.note,
      table: () => this.table(side), svg: () => this.svg(side), png: () => map.canvas,
    })));
    this.node.append(
      explorer.element("div", { class: "controls" }, explorer.element("label", {}, "Coloured by ", this.colour), explorer.element("label", {}, "Find words ", this.search), this.found),
      this.legend, explorer.element("div", { class: "maps" }, ...pictures), this.live,
    );
    this.word = -1;
    new ResizeObserver(() => this.paint()).observe(this.node);
    this.draw(["a", "colour", "search"]);
  },
  draw(changed) {
    if (!explorer.data.words || !changed.some((key) => ["a", "b", "coding", "colour", "search", "theme"].includes(key))) return;
    const { state, data } = explorer;
    this.colour.value = state.colour;
    if (this.search.value !== state.search) this.search.value = state.search;
    this.feature = state.colour || this.dominant();
    const wanted = state.search.trim().toLowerCase();
    this.hits = new Set(wanted ? data.words.words.flatMap((word, place) => (word.toLowerCase().includes(wanted) ? [place] : [])) : []);
    this.found.textContent = wanted ? `${this.hits.size} of ${data.words.words.length} words` : "";
    this.points = [state.a, state.b].map((layer) => this.pointsOf(layer));
    if (this.points[0] && this.points[1]) this.points[1] = this.turned(this.points[1], this.points[0]);
    this.maps.forEach((map, side) => {
      const layer = data.layers[side ? state.b : state.a];
      map.title.textContent = layer.name;
      const share = data.words.shares[layer.index];
      const words = data.words.words.length;
      const of = words < data.words.total ? `${words.toLocaleString("en")} of ${data.words.total.toLocaleString("en")} words, drawn by seed` : `${words.toLocaleString("en")} words`;
      map.note.textContent = data.words.known[layer.index]
        ? `Two first principal components: ${Math.round(100 * share)} % of the variance; ${of}.${side ? " Turned and mirrored, distances kept, to lie like the first." : ""}`
        : "This layer has no map.";
    });
    this.drawLegend();
    this.paint();
  },
  dominant() {
    const names = Object.keys(explorer.data.words.levels);
    const profile = explorer.profile(explorer.state.a).filter((one) => names.includes(one.feature.name) && Number.isFinite(one.value));
    return profile.sort((one, other) => other.value - one.value)[0]?.feature.name ?? names[0] ?? "";
  },
  pointsOf(layer) {
    const { words } = explorer.data;
    if (!words.known[layer]) return null;
    const count = words.words.length;
    const size = words.places.sizes[layer] / 32767;
    return Array.from({ length: count }, (_, place) => [0, 1].map((axis) => words.points[2 * (layer * count + place) + axis] * size));
  },
  /* The turn and mirroring of one map that brings it nearest to another (orthogonal Procrustes in the plane). */
  turned(points, target) {
    const centre = (list) => [0, 1].map((axis) => list.reduce((sum, point) => sum + point[axis], 0) / list.length);
    const [own, wanted] = [centre(points), centre(target)];
    let [a, b, c, d] = [0, 0, 0, 0];
    points.forEach((point, place) => {
      const [x, y, u, v] = [point[0] - own[0], point[1] - own[1], target[place][0] - wanted[0], target[place][1] - wanted[1]];
      [a, b, c, d] = [a + x * u, b + x * v, c + y * u, d + y * v];
    });
    const [turn, flip] = [Math.hypot(a + d, b - c), Math.hypot(a - d, b + c)];
    const [cosine, sine, sign] = turn >= flip ? [a + d, b - c, 1] : [a - d, b + c, -1];
    const norm = Math.max(turn, flip) || 1;
    return points.map(([x, y]) => {
      const [left, up] = [x - own[0], sign * (y - own[1])];
      return [(left * cosine - up * sine) / norm, (left * sine + up * cosine) / norm];
    });
  },
  /* Where the points of a side lie in a square. */
  layout(side, size) {
    const points = this.points?.[side];
    if (!points) return null;
    const largest = Math.max(...points.map((point) => Math.max(Math.abs(point[0]), Math.abs(point[1])))) || 1;
    return points.map(([x, y]) => [size / 2 + (x / largest) * (size / 2 - 10), size / 2 - (y / largest) * (size / 2 - 10)]);
  },
  look(place) {
    const level = explorer.data.words.levels[this.feature];
    return level ? level.levels[level.codes[place]] : { colour: "#8c8c8c", hollow: false, label: "" };
  },
  paint() {
    if (!this.maps) return;
    this.places = this.maps.map((map, side) => {
      const size = map.canvas.clientWidth || 320;
      const ratio = window.devicePixelRatio || 1;
      map.canvas.style.height = `${size}px`;
      map.canvas.width = map.canvas.height = Math.round(size * ratio);
      const context = map.canvas.getContext("2d");
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.fillStyle = explorer.colour("--ground");
      context.fillRect(0, 0, size, size);
      const places = this.layout(side, size);
      if (!places) return null;
      const dot = (place, radius, faint) => {
        const { colour, hollow } = this.look(place);
        context.globalAlpha = faint ? 0.18 : 1;
        context.beginPath();
        context.arc(places[place][0], places[place][1], radius, 0, 2 * Math.PI);
        context.fillStyle = context.strokeStyle = explorer.visible(colour);
        if (hollow) context.stroke();
        else context.fill();
        context.globalAlpha = 1;
      };
      places.forEach((_, place) => { if (!this.hits.has(place)) dot(place, 3, this.hits.size > 0); });
      for (const place of this.hits) dot(place, 4.5, false);
      if (this.word >= 0) this.drawWord(context, places[this.word], size);
      return places;
    });
  },
  drawWord(context, [x, y], size) {
    const word = explorer.data.words.words[this.word];
    context.strokeStyle = explorer.colour("--chosen");
    context.lineWidth = 2;
    context.beginPath();
    context.arc(x, y, 7, 0, 2 * Math.PI);
    context.stroke();
    context.lineWidth = 1;
    context.font = "bold 13px sans-serif";
    const width = context.measureText(word).width;
    const left = Math.min(x + 10, size - width - 4);
    context.fillStyle = explorer.colour("--ground");
    context.globalAlpha = 0.85;
    context.fillRect(left - 2, y - 22, width + 4, 17);
    context.globalAlpha = 1;
    context.fillStyle = explorer.colour("--ink");
    context.fillText(word, left, y - 9);
  },
  hover(side, event) {
    const places = this.places?.[side];
    if (!places) return;
    const box = this.maps[side].canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let [best, least] = [-1, 18 ** 2];
    places.forEach(([left, top], place) => {
      const distance = (left - x) ** 2 + (top - y) ** 2 - (this.hits.has(place) ? 40 : 0);
      if (distance < least) [best, least] = [place, distance];
    });
    this.choose(best);
  },
  key(side, event) {
    const axis = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [1, -1], ArrowDown: [1, 1] }[event.key];
    const places = this.places?.[side];
    if (!axis || !places) return;
    event.preventDefault();
    const candidates = this.hits.size ? [...this.hits] : places.map((_, place) => place);
    candidates.sort((one, other) => places[one][axis[0]] - places[other][axis[0]] || one - other);
    const now = candidates.indexOf(this.word);
    this.choose(candidates[(now + axis[1] + candidates.length) % candidates.length]);
  },
  choose(word) {
    if (word === this.word) return;
    this.word = word;
    explorer.clear(this.live).append(...(word < 0 ? [] : this.inSentence(word)));
    this.paint();
  },
  inSentence(word) {
    const { words } = explorer.data;
    const level = this.look(word).label;
    const label = explorer.data.profiles.features.find((feature) => feature.name === this.feature)?.label ?? "";
    const sentence = words.sentences[words.sentence[word]];
    const position = words.positions[word];
    const text = sentence && position !== null
      ? sentence.flatMap((one, place) => [place ? " " : "", place === position ? explorer.element("mark", {}, one) : one])
      : [explorer.element("mark", {}, words.words[word])];
    return [...text, label ? explorer.element("span", {}, `  (${label}: ${level})`) : ""];
  },
  drawLegend() {
    const level = explorer.data.words.levels[this.feature];
    const items = (level?.levels ?? []).filter((one) => one.shown || one.hollow).map((one) =>
      explorer.element("li", {}, explorer.swatch(one.hollow ? "transparent" : explorer.visible(one.colour)), one.label));
    const label = explorer.data.profiles.features.find((feature) => feature.name === this.feature)?.label ?? "";
    explorer.clear(this.legend).append(explorer.element("li", {}, explorer.element("strong", {}, label)), ...items);
  },
  table(side) {
    const { words, layers } = explorer.data;
    const layer = layers[side ? explorer.state.b : explorer.state.a];
    const points = this.points[side] ?? [];
    const rows = points.map(([x, y], place) => [layer.model.name, layer.layer, words.words[place], this.look(place).label, x, y]);
    return { header: ["model", "layer", "word", this.feature, "x", "y"], rows };
  },
  svg(side) {
    const size = 480;
    const svg = explorer.shape("svg", { viewBox: `0 0 ${size} ${size}` });
    (this.layout(side, size) ?? []).forEach(([x, y], place) => {
      const { colour, hollow } = this.look(place);
      svg.append(explorer.shape("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: 3, fill: hollow ? "none" : explorer.visible(colour), stroke: hollow ? explorer.visible(colour) : "none" },
        explorer.shape("title", {}, explorer.data.words.words[place])));
    });
    return svg;
  },
});
