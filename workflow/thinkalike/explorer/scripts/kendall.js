"use strict";
/* Weighted Kendall as a sum over features: each pair's term is shared equally between its two features, but goes as a
   whole to the one of them that is important at all where the other's importance is 0 in both layers. */
explorer.kendallParts = (first, second) => {
  const nothing = 1e-12;
  const constant = (values) => values.every((value) => value === values[0]);
  if (first.some(Number.isNaN) || second.some(Number.isNaN)) return null;
  const counted = first.map((value, place) => (Math.abs(value) >= nothing || Math.abs(second[place]) >= nothing ? 1 : 0));
  const [a, b] = [explorer.settled(first), explorer.settled(second)];
  if (constant(a) || constant(b)) return null;
  const one = explorer.partsByRank(a, b, counted);
  const other = explorer.partsByRank(b, a, counted);
  return one.map((part, place) => (part + other[place]) / 2);
};

/* Values as they are before anything is ranked: rounded to 12 decimals, and neighbours that then differ by the last
   decimal joined, since rounding parts sums that lie at an edge between two. */
explorer.settled = (values) => {
  const rounded = values.map((value) => Math.round(value * 1e12) / 1e12 + 0);
  const order = rounded.map((_, place) => place).sort((one, other) => rounded[one] - rounded[other]);
  const joined = [...rounded];
  for (let rank = 1; rank < order.length; rank += 1) {
    const [before, place] = [order[rank - 1], order[rank]];
    if (rounded[place] - rounded[before] <= 1.5e-12) joined[place] = joined[before];
  }
  return joined;
};

/* The parts weighted by the ranks of `first` (ties by `second`, then the later feature first, as the tables have it). */
explorer.partsByRank = (first, second, counted) => {
  const order = first.map((_, place) => place);
  order.sort((a, b) => first[b] - first[a] || second[b] - second[a] || b - a);
  const weights = first.map(() => 0);
  order.forEach((place, rank) => { weights[place] = 1 / (rank + 1); });
  const parts = first.map(() => 0);
  let [norm, otherNorm] = [0, 0];
  for (let i = 0; i < first.length; i += 1) {
    for (let j = 0; j < first.length; j += 1) {
      const weight = weights[i] + weights[j];
      const [sign, otherSign] = [Math.sign(first[i] - first[j]), Math.sign(second[i] - second[j])];
      const own = counted[i] ? 2 / (1 + counted[j]) : 0;
      parts[i] += own * sign * otherSign * weight;
      norm += sign * sign * weight;
      otherNorm += otherSign * otherSign * weight;
    }
  }
  return parts.map((part) => part / Math.sqrt(norm * otherNorm));
};
