"use strict";
/* Both layers' profiles (importance or weight of the features), as pairs of bars with intervals. */
explorer.parts.push({
  name: "profiles",
  start() {
    this.node = explorer.place("profiles");
    this.draw(["a"]);
  },
  draw(changed) {
    if (!changed.some((key) => ["a", "b", "coding", "theme"].includes(key))) return;
    const { state, data } = explorer;
    const { interval } = explorer.coding();
    const { noun } = data.profiles;
    const caption = `Feature ${noun}: solid the first layer (${data.layers[state.a].name}), paler the second (${data.layers[state.b].name}).`
      + (interval ? ` Lines: ${interval === "95 % interval" ? "95 % interval" : `± ${interval}`}. Hollow: the line reaches 0${interval === "95 % interval" ? `, so that the ${noun} is not told from none` : ""}.` : "")
      + ` Controls are not compared.${explorer.codingWords()}`;
    explorer.clear(this.node).append(explorer.picture({ name: "profiles", drawing: this.svg(), caption, table: () => this.table(), svg: () => this.svg() }));
  },
  svg() {
    const sides = [explorer.state.a, explorer.state.b];
    const intervals = Boolean(explorer.coding().interval);
    const columns = sides.map((layer) => ({
      value: explorer.profile(layer, "value", true), low: explorer.profile(layer, "low", true), high: explorer.profile(layer, "high", true),
    }));
    const rows = columns[0].value.map(({ feature }, place) => ({
      label: feature.label,
      bars: columns.map((column, side) => ({
        value: column.value[place].value,
        low: intervals ? column.low[place].value : NaN,
        high: intervals ? column.high[place].value : NaN,
        colour: feature.colour,
        faint: side === 1,
        hollow: intervals && column.low[place].value <= 0,
      })),
    }));
    const label = `Feature ${explorer.data.profiles.noun}`;
    return explorer.bars({ rows, title: `${label} of the two layers`, label });
  },
  table() {
    const { layers, profiles } = explorer.data;
    const coded = profiles.codings.length > 1;
    const rows = [explorer.state.a, explorer.state.b].flatMap((layer) =>
      explorer.profile(layer, "value", true).map(({ feature, value }, place) => [
        layers[layer].model.name, layers[layer].layer, ...(coded ? [explorer.coding().name] : []), feature.name, feature.control ? "control" : "feature", value,
        explorer.profile(layer, "low", true)[place].value, explorer.profile(layer, "high", true)[place].value,
      ]));
    return { header: ["model", "layer", ...(coded ? ["coding"] : []), "feature", "role", profiles.noun, "low", "high"], rows };
  },
});
