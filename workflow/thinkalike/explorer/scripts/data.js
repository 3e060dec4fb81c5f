"use strict";
/* The study's numbers, out of compressed blocks. */
explorer.load = async () => {
  const arrays = { int16: Int16Array, uint16: Uint16Array, int32: Int32Array, float32: Float32Array, float64: Float64Array };
  const undefinedCode = -32768;

  const bytes = async (text) => {
    const letters = atob(text);
    const packed = new Uint8Array(letters.length);
    for (let place = 0; place < letters.length; place += 1) packed[place] = letters.charCodeAt(place);
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).arrayBuffer();
  };
  const unpack = async (block) => new arrays[block.type](await bytes(block.data));

  const text = document.getElementById("content").textContent.trim();
  const data = JSON.parse(new TextDecoder().decode(await bytes(text)));
  for (const measure of data.measures) {
    for (const [name, block] of Object.entries(measure.blocks)) {
      const codes = await unpack(block);
      measure.blocks[name] = (index) => (codes[index] === undefinedCode ? NaN : codes[index] * block.unit);
    }
  }
  for (const coding of data.profiles.codings) {
    for (const [name, block] of Object.entries(coding.blocks)) coding.blocks[name] = await unpack(block);
  }
  if (data.words) {
    data.words.points = await unpack(data.words.places);
    for (const level of Object.values(data.words.levels)) level.codes = await unpack(level.codes);
  }
  for (const one of data.explained) {
    const pairs = await unpack(one.pairs);
    one.values = await unpack(one.values);
    for (const name of ["low", "high"]) {
      if (!one[name]) continue;
      const { unit } = one[name];
      one[name] = Float64Array.from(await unpack(one[name]), (code) => (code === undefinedCode ? NaN : code * unit));
    }
    one.rows = new Map();
    for (let row = 0; row < pairs.length / 2; row += 1) one.rows.set(explorer.pairKey(pairs[2 * row], pairs[2 * row + 1]), row);
  }
  data.layers.forEach((layer, index) => {
    layer.index = index;
    layer.model = data.models[layer.model];
    layer.name = `${layer.model.label}, layer ${layer.label}`;
    layer.key = `${layer.model.name}:${layer.layer}`;
  });
  explorer.data = data;
};

explorer.pairKey = (one, other) => (one < other ? `${one} ${other}` : `${other} ${one}`);

/* What a measure says of two layers: its value, or another of its columns; NaN where it is not defined. */
explorer.value = (measure, one, other, column = "value") => {
  const [low, high] = one < other ? [one, other] : [other, one];
  const count = explorer.data.layers.length;
  const read = measure.blocks[column];
  return read ? read(low * count - (low * (low - 1)) / 2 + (high - low)) : NaN;
};

/* Which of two layers have a profile of which the stimuli resolve too little for this measure to say anything. */
explorer.unresolved = (measure, one, other) => [...new Set([one, other])].filter((layer) => measure.unresolved.includes(layer));

/* The coding of features by which importance is shown. */
explorer.coding = () => explorer.data.profiles.codings[explorer.state.coding];

/* In a caption: which coding it is, where the study has two. */
explorer.codingWords = () => {
  const words = {
    levels: "each pair of a feature's levels has a weight of its own (coding: levels)",
    difference: "a difference in a feature counts the same whatever its levels, the paper's form (coding: difference)",
  };
  const { name } = explorer.coding();
  return explorer.data.profiles.codings.length > 1 ? ` In these models ${words[name] ?? name}.` : "";
};

/* A layer's importance of each feature, controls left out unless asked for. */
explorer.profile = (layer, column = "value", controls = false) => {
  const { features } = explorer.data.profiles;
  const { blocks } = explorer.coding();
  return features
    .map((feature, place) => ({ feature, value: blocks[column][layer * features.length + place] }))
    .filter((one) => controls || !one.feature.control);
};
