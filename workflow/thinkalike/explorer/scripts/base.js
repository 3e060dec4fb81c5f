"use strict";
/* What every part of the page uses: elements, numbers in words, colours. Text enters the page as text, never as HTML. */
const explorer = { parts: [] };

explorer.element = (name, attributes = {}, ...children) =>
  explorer.fill(document.createElement(name), attributes, children);

explorer.shape = (name, attributes = {}, ...children) =>
  explorer.fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);

explorer.fill = (node, attributes, children) => {
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
};

explorer.number = (value, digits = 2) =>
  value === null || Number.isNaN(value) ? "–" : (Math.abs(value) < 0.5 * 10 ** -digits ? 0 : value).toFixed(digits).replace("-", "−");

explorer.colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/* A colour that can be seen on the page's ground: dark ones are mixed with white on a dark page. */
explorer.visible = (colour) => {
  if (!matchMedia("(prefers-color-scheme: dark)").matches) return colour;
  const channels = [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16));
  const light = (0.299 * channels[0] + 0.587 * channels[1] + 0.114 * channels[2]) / 255;
  const share = light < 0.45 ? 0.55 - light / 2 : 0;
  return "#" + channels.map((one) => Math.round(one + (255 - one) * share).toString(16).padStart(2, "0")).join("");
};

explorer.clear = (node) => {
  node.replaceChildren();
  return node;
};

/* A place within a section that is drawn again; its heading stays. */
explorer.place = (section) => {
  const node = explorer.element("div");
  document.getElementById(section).append(node);
  return node;
};
