/* Name layers, units and parameters: W₋₁[k, j], or in a small net w1, h2, o1. */

import { lowered } from "./format.mjs";

export const layers = (net) => net.W.length;
export const isSmall = (net) => Math.max(...net.shape) <= 2 && layers(net) <= 2;
export const layerName = (net, l) => "A" + lowered(l - layers(net) - 1);
export const weightsName = (net, l, letter = "W") => letter + lowered(l - layers(net));

export function unitName(net, l, k) {
  if (isSmall(net)) return (l === 0 ? "x" : l === layers(net) ? "o" : "h") + (k + 1);
  if (l === 0) return "input " + k;
  return (l === layers(net) ? "output " : "unit ") + k;
}

/* Name dC/da of a unit. */
export const gradientName = (net, l, k) =>
  (isSmall(net) ? "dC/d" : "dC/da of ") + unitName(net, l, k);

/* The example's weights have names of their own, w1 to w8; elsewhere a weight is W₋₁[k, j]. */
export function parameterName(net, { l, k, j }) {
  if (k === null)
    return isSmall(net) ? "b of " + unitName(net, l + 1, j) : `${weightsName(net, l, "B")}[${j}]`;
  if (!isSmall(net)) return `${weightsName(net, l)}[${k}, ${j}]`;
  const before = net.W.slice(0, l).reduce((n, W) => n + W.length, 0);
  return "w" + (before + j * net.shape[l] + k + 1);
}

/* Return the places { l, k, j } of all parameters, unit by unit; k is null for a bias. */
export function parametersOf(net) {
  const all = [];
  for (let l = 0; l < layers(net); l++) {
    for (let j = 0; j < net.shape[l + 1]; j++) {
      for (let k = 0; k < net.shape[l]; k++) all.push({ l, k, j });
      all.push({ l, k: null, j });
    }
  }
  return all;
}

/* Are these places the same? */
export const isSame = (one, other) => ["l", "k", "j"].every((key) => one[key] === other[key]);
