"use strict";
/* Pictures and numbers as files. */
explorer.save = (name, ending, blob) => {
  const { study, dataset } = explorer.data;
  const link = explorer.element("a", { href: URL.createObjectURL(blob), download: [study, dataset, name].filter(Boolean).join("-").replaceAll(" ", "_") + ending });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
};

explorer.svgText = (svg) => {
  const copy = svg.cloneNode(true);
  const [, , width, height] = copy.getAttribute("viewBox").split(" ");
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  copy.prepend(explorer.shape("rect", { width: "100%", height: "100%", fill: explorer.colour("--ground") }));
  return new XMLSerializer().serializeToString(copy);
};

explorer.saveSvg = (name, svg) => explorer.save(name, ".svg", new Blob([explorer.svgText(svg)], { type: "image/svg+xml" }));

explorer.savePng = (name, canvas) => canvas.toBlob((blob) => explorer.save(name, ".png", blob), "image/png");

explorer.saveSvgAsPng = (name, svg) => {
  const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
  const image = new Image();
  image.onload = () => {
    const canvas = explorer.element("canvas", { width: 2 * width, height: 2 * height });
    canvas.getContext("2d").drawImage(image, 0, 0, 2 * width, 2 * height);
    explorer.savePng(name, canvas);
  };
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(explorer.svgText(svg))}`;
};

explorer.csvText = ({ header, rows }) => {
  const cell = (value) => {
    if (typeof value === "number") return Number.isNaN(value) ? "" : String(value);
    return /[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  };
  return [header, ...rows].map((row) => row.map(cell).join(",")).join("\n") + "\n";
};

explorer.saveCsv = (name, table) => explorer.save(name, ".csv", new Blob([explorer.csvText(table)], { type: "text/csv" }));
