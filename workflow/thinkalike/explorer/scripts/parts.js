"use strict";
/* What makes the two alike: parts that sum to a number. Explained similarity where the study has it; weighted Kendall always. */
explorer.parts.push({
  name: "parts",
  start() {
    this.node = explorer.place("parts");
    this.draw(["a"]);
  },
  draw(changed) {
    if (!changed.some((key) => ["a", "b", "coding", "theme"].includes(key))) return;
    explorer.clear(this.node);
    for (const one of explorer.data.explained) this.node.append(...this.explained(one));
    this.node.append(...this.kendall());
  },
  explained(one) {
    const { state, data } = explorer;
    const kind = one.by ? ` by the features' ${one.by}` : "";
    const measure = data.measures.find((known) => known.name === one.measure);
    const title = `${measure ? measure.short : one.measure}${kind}`;
    const heading = explorer.element("h3", {}, `Explained similarity: ${title}`);
    const row = one.rows.get(explorer.pairKey(state.a, state.b));
    if (row === undefined) return [heading, explorer.element("p", {}, this.absent(one))];
    const read = (name, place) => (one[name] ? one[name][row * one.parts.length + place] : NaN);
    const values = one.parts.map((part, place) => ({ ...part, value: read("values", place), low: read("low", place), high: read("high", place) }))
      .filter((part) => Number.isFinite(part.value));
    const total = values.reduce((sum, part) => sum + part.value, 0);
    const styles = new Map(data.profiles.features.map((feature) => [feature.name, feature]));
    const isFeature = (part) => ["feature", "control"].includes(part.role);
    const names = { form: "How features combine", lexical: "Single values of controls", unexplained: "Nothing in the table" };
    const label = (part) => (isFeature(part) ? styles.get(part.name)?.label : names[part.role]) ?? part.name;
    const colour = (part) => (isFeature(part) ? styles.get(part.name)?.colour : null) ?? "#8c8c8c";
    const sorted = [...values].sort((first, second) => (first.role === "unexplained") - (second.role === "unexplained") || second.value - first.value);
    const rows = sorted.map((part) => ({
      label: label(part),
      bars: [{ value: part.value, low: part.low, high: part.high, colour: colour(part), hollow: part.role === "unexplained" }],
    }));
    const svg = () => explorer.bars({ rows, title: `Explained similarity of the two layers, ${title}`, label: `Part of ${title}` });
    const features = values.filter(isFeature).reduce((sum, part) => sum + part.value, 0);
    const caption = `The bars sum to ${title} = ${explorer.number(total, 3)}; ${explorer.number(features, 3)} of it is carried by single features and controls.`
      + " How features combine: what these carry together beyond that, as far as the stimuli can show it; single values of controls: what these carry beyond all features;"
      + " nothing in the table (hollow): the rest, which the two layers share and nothing here describes."
      + (values.some((part) => Number.isFinite(part.low)) ? ` Lines: 95 % intervals for new ${one.over === "both" ? "sentences of new lemmas" : one.over ?? "stimuli"}.` : "");
    const table = () => ({ header: ["part", "role", "value", "low", "high"], rows: sorted.map((part) => [part.name, part.role, part.value, part.low, part.high]) });
    return [heading, explorer.picture({ name: `explained ${title}`, drawing: svg(), caption, table, svg })];
  },
  absent(one) {
    if (one.held === one.of) return "The study has not explained this pair.";
    const [held, all] = [one.held, one.of].map((count) => count.toLocaleString("en"));
    return `The page holds this for ${held} of ${all} pairs of layers, the most alike ones and those of every two models; the table "explained" has all.`;
  },
  kendall() {
    const { state } = explorer;
    const coded = explorer.data.profiles.codings.length > 1 ? ` by ${explorer.coding().name}` : "";
    const heading = explorer.element("h3", {}, `Weighted Kendall τ of feature ${explorer.data.profiles.noun}${coded}`);
    const [first, second] = [state.a, state.b].map((layer) => explorer.profile(layer));
    const parts = explorer.kendallParts(first.map((one) => one.value), second.map((one) => one.value));
    if (!parts) return [heading, explorer.element("p", { id: "kendall-sum" }, "Not defined: all features of a layer are equally important.")];
    const ordered = first.map(({ feature }, place) => ({ feature, value: parts[place] })).sort((one, other) => other.value - one.value);
    const total = parts.reduce((sum, part) => sum + part, 0);
    const rows = ordered.map(({ feature, value }) => ({ label: feature.label, bars: [{ value, colour: feature.colour }] }));
    const svg = () => explorer.bars({ rows, title: "Contribution of each feature to the weighted Kendall correlation", label: "Contribution to τ" });
    const caption = explorer.element("span", { id: "kendall-sum" }, `The bars sum to τ = ${explorer.number(total, 3)}. A feature's bar is long where it holds the same place among the others`
      + ` in both layers, also where that place is near the last: a bar is no importance, and the order of unimportant features may be chance. A feature of ${explorer.data.profiles.noun} 0 in both has no bar.${explorer.codingWords()}`);
    const table = () => ({ header: ["feature", "contribution"], rows: ordered.map(({ feature, value }) => [feature.name, value]) });
    return [heading, explorer.picture({ name: "contributions", drawing: svg(), caption, table, svg })];
  },
});
