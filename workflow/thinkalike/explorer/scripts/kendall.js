"use strict";
/* Weighted Kendall as a sum over features: each pair's term is shared equally between its two features. */
explorer.kendallParts = (first, second) => {
  const constant = (values) => values.every((value) => value === values[0]);
  if (first.some(Number.isNaN) || second.some(Number.isNaN) || constant(first) || constant(second)) return null;
  const one = explorer.partsByRank(first, second);
  const other = explorer.partsByRank(second, first);
  return one.map((part, place) => (part + other[place]) / 2);
};

/* The parts weighted by the ranks of `first` (ties by `second`, then the later feature first, as the tables have it). */
explorer.partsByRank = (first, second) => {
  const order = first.map((_, place) => place);
  order.sort((a, b) => first[b] - first[a] || second[b] - second[a] || b - a);
  const weights = new Array(first.length);
  order.forEach((place, rank) => { weights[place] = 1 / (rank + 1); });
  const parts = first.map(() => 0);
  let [norm, otherNorm] = [0, 0];
  for (let i = 0; i < first.length; i += 1) {
    for (let j = 0; j < first.length; j += 1) {
      const weight = weights[i] + weights[j];
      const [sign, otherSign] = [Math.sign(first[i] - first[j]), Math.sign(second[i] - second[j])];
      parts[i] += sign * otherSign * weight;
      norm += sign * sign * weight;
      otherNorm += otherSign * otherSign * weight;
    }
  }
  return parts.map((part) => part / Math.sqrt(norm * otherNorm));
};
