"use strict";
/* Bars, and what stands around every picture: its caption, its files, and the same as a table. */

/* A picture with buttons for its files and a table of its numbers. `table` is {header, rows}; `svg` gives the picture. */
explorer.picture = ({ name, drawing, caption, table, svg, png }) => {
  const files = explorer.element("div", { class: "tools", role: "group", "aria-label": `Files of ${name}` });
  const button = (label, action) => explorer.element("button", { type: "button", onclick: action, "data-file": `${name} ${label}` }, label);
  files.append(
    button("SVG", () => explorer.saveSvg(name, svg())),
    button("PNG", () => (png ? explorer.savePng(name, png()) : explorer.saveSvgAsPng(name, svg()))),
    button("CSV", () => explorer.saveCsv(name, table())),
  );
  const details = explorer.element("details", {}, explorer.element("summary", {}, "The numbers as a table"));
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) details.append(explorer.table(table(), 400));
  });
  return explorer.element("figure", {}, drawing, explorer.element("figcaption", {}, caption), files, details);
};

explorer.table = ({ header, rows }, most = Infinity) => {
  const cells = (row, name) => row.map((cell) =>
    explorer.element(name, { class: typeof cell === "number" ? "number" : null, scope: name === "th" ? "col" : null },
      typeof cell === "number" ? explorer.number(cell, 3) : cell));
  const body = rows.slice(0, most).map((row) => explorer.element("tr", {}, ...cells(row, "td")));
  const note = rows.length > most ? explorer.element("caption", {}, `The first ${most} of ${rows.length.toLocaleString("en")} rows; the CSV has all.`) : null;
  return explorer.element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table" },
    explorer.element("table", {}, note, explorer.element("thead", {}, explorer.element("tr", {}, ...cells(header, "th"))), explorer.element("tbody", {}, ...body)));
};

/* Pictures are as wide as their place, so that letters keep their size. */
explorer.chartWidth = () => Math.min(Math.max(document.getElementById("pair").clientWidth - 34, 260), 620);

explorer.textWidth = (text, size = 12) => {
  const context = document.createElement("canvas").getContext("2d");
  context.font = `${size}px sans-serif`;
  return context.measureText(text).width;
};

/* The text, or as much of its beginning as is that wide. */
explorer.shortened = (text, width) => {
  let end = text.length;
  while (end > 1 && explorer.textWidth(end < text.length ? `${text.slice(0, end)}…` : text) > width) end -= 1;
  return end < text.length ? `${text.slice(0, end).trimEnd()}…` : text;
};

/* Bars in rows: each row has a label and one bar or more, with intervals where there are any. */
explorer.bars = ({ rows, title, label, unit = "" }) => {
  const width = explorer.chartWidth();
  const left = Math.min(Math.max(...rows.map((row) => explorer.textWidth(row.label))) + 14, width * 0.5);
  const [right, line] = [48, 15];
  const numbers = rows.flatMap((row) => row.bars.flatMap((bar) => [bar.value, bar.low ?? bar.value, bar.high ?? bar.value])).filter(Number.isFinite);
  const low = Math.min(0, ...numbers);
  const high = Math.max(low === 0 ? 1e-9 : 0, ...numbers);
  const x = (value) => left + ((value - low) / (high - low)) * (width - left - right);
  const heights = rows.map((row) => row.bars.length * line + 7);
  const height = heights.reduce((sum, one) => sum + one, 0) + 44;
  const ink = explorer.colour("--ink");
  const svg = explorer.shape("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title, "font-family": "sans-serif", "font-size": 12, fill: ink });
  for (const tick of explorer.ticks(low, high)) {
    svg.append(
      explorer.shape("line", { x1: x(tick), x2: x(tick), y1: 4, y2: height - 36, stroke: explorer.colour("--line") }),
      explorer.shape("text", { x: x(tick), y: height - 22, "text-anchor": "middle" }, explorer.number(tick, 2)),
    );
  }
  // In the middle of the bars, unless it would leave the picture there.
  const middle = Math.min((left + width - right) / 2, width - explorer.textWidth(label + unit) / 2 - 2);
  svg.append(explorer.shape("text", { x: middle, y: height - 4, "text-anchor": "middle" }, label + unit));
  let top = 6;
  rows.forEach((row, place) => {
    const name = explorer.shape("text", { x: left - 8, y: top + (heights[place] - 7) / 2 + 4, "text-anchor": "end" }, explorer.shortened(row.label, left - 10));
    if (name.textContent !== row.label) name.append(explorer.shape("title", {}, row.label));
    svg.append(name);
    row.bars.forEach((bar, number) => {
      if (!Number.isFinite(bar.value)) return;
      const y = top + number * line;
      const colour = explorer.visible(bar.colour);
      svg.append(explorer.shape("rect", {
        x: Math.min(x(0), x(bar.value)), y: y + 1, width: Math.abs(x(bar.value) - x(0)), height: line - 3,
        fill: bar.hollow ? "none" : colour, stroke: colour, "fill-opacity": bar.faint ? 0.45 : 1,
      }));
      if (Number.isFinite(bar.low) && Number.isFinite(bar.high)) {
        svg.append(explorer.shape("line", { x1: x(bar.low), x2: x(bar.high), y1: y + line / 2 - 0.5, y2: y + line / 2 - 0.5, stroke: ink, "stroke-width": 1.4 }));
      }
      svg.append(explorer.shape("text", { x: Math.max(x(bar.value), x(Number.isFinite(bar.high) ? bar.high : bar.value), x(0)) + 4, y: y + line / 2 + 4, "font-size": 10 }, explorer.number(bar.value, 3)));
    });
    top += heights[place];
  });
  svg.append(explorer.shape("line", { x1: x(0), x2: x(0), y1: 4, y2: height - 36, stroke: ink }));
  return svg;
};

explorer.ticks = (low, high) => {
  const step = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 50, 100].find((one) => (high - low) / one <= 5) ?? (high - low) / 4;
  const ticks = [];
  for (let tick = Math.ceil(low / step - 1e-9); tick * step <= high + 1e-9; tick += 1) ticks.push(tick * step);
  return ticks;
};

explorer.swatch = (colour) => explorer.element("span", { class: "swatch", style: `background:${colour}`, "aria-hidden": "true" });
