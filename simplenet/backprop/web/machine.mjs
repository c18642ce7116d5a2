/* What everything of the drawn machine is called, where it stands, and how hard it is pulled.

   A small net is drawn whole. Of another, one path is: one unit of each layer, two of the last, and
   at each band a rod for all the rest. Names are those of mechanism.py and digest.py: w5, p5,
   z.h1, b.h1, h1, c1, C; r.h1 is a rest, s.o1 where the plate of a softmax unit is clamped, and
   d.z.h1 how far z.h1 has gone since the path was chosen.
*/

import { bySize, strongest, sum } from "./arrays.mjs";
import { EPSILON, TINY, costOf, paths } from "./network.mjs";
import { isSame, layers } from "./names.mjs";

/* Return the units of each layer that are drawn: all, or those on a path through a weight. */
export function routeOf(net, whole, weight, back, y) {
  if (whole) return net.shape.map((n) => Array.from({ length: n }, (_, k) => k));
  const { l, k, j } = weight;
  const into = (i, unit) =>
    strongest(
      Array.from({ length: net.shape[i] }, (_, n) => back.dc_dW[i][n * net.shape[i + 1] + unit]),
    );
  const last = layers(net);
  const route = [];
  route[l + 1] = [j];
  route[l] = [k ?? into(l, j)];
  for (let i = l - 1; i >= 0; i--) route[i] = [into(i, route[i + 1][0])];
  for (let i = l + 1; i < last; i++) route[i + 1] = [strongest(paths(net, back, i, route[i][0]))];
  return [...route.slice(0, last), outputsOf(net, route, l === last - 1 ? j : -1, back, y)];
}

/* Two outputs: the one in hand or else the right one, and the strongest other, in their order. */
function outputsOf(net, route, mine, back, y) {
  const last = layers(net);
  if (net.shape[last] === 1) return [0];
  const parts = paths(net, back, last - 1, route[last - 1][0]);
  const right = y.indexOf(Math.max(...y));
  const first = mine >= 0 ? mine : right;
  const others = bySize(parts).filter((j) => j !== first);
  return [first, mine >= 0 && mine !== right ? right : others[0]].sort((a, b) => a - b);
}

/* Return the names of the units that are drawn in a layer. */
function unitNames(net, route, l) {
  const last = layers(net);
  const letter = l === 0 ? "x" : l === last ? "o" : last === 2 ? "h" : `h${l}.`;
  return route[l].map((_, i) => letter + (i + 1));
}

/* Return everything that is drawn: { name, kind, l, k, j }, in the order of a forward pass.

   kind is x, w, p, b, r, z, s, a, y, c or C; (l, k, j) are those of the weight, a unit's own layer
   and number are l and k; of z, b, r and s, l is that of the weights that lead there, j the unit. */
export function partsOf(net, route) {
  const parts = unitNames(net, route, 0).map((name, i) => ({ name, kind: "x", l: 0, k: route[0][i] }));
  let count = 0;
  for (let l = 0; l < layers(net); l++) {
    const names = unitNames(net, route, l + 1);
    for (const [i, j] of route[l + 1].entries()) {
      const name = names[i];
      for (const k of route[l]) {
        count += 1;
        parts.push({ name: `w${count}`, kind: "w", l, k, j });
        parts.push({ name: `p${count}`, kind: "p", l, k, j });
      }
      for (const kind of "brzs") parts.push({ name: `${kind}.${name}`, kind, l, k: null, j });
      parts.push({ name, kind: "a", l: l + 1, k: j });
    }
  }
  for (const [i, j] of route[layers(net)].entries()) {
    parts.push({ name: `y${i + 1}`, kind: "y", k: j }, { name: `c${i + 1}`, kind: "c", k: j });
  }
  return [...parts, { name: "r.C", kind: "R" }, { name: "C", kind: "C" }];
}

const weightAt = (net, { l, k, j }) => net.W[l][k * net.shape[l + 1] + j];

/* What one output adds to C. */
function share(net, a, y) {
  return costOf(net).value([a], [y]);
}

/* Return where everything stands: `pass` is what forward gave for this net, with its C. */
export function standing(net, parts, pass, y) {
  const at = {};
  for (const part of parts) {
    const { name, kind, l, k, j } = part;
    if (kind === "x" || kind === "a") at[name] = pass.a[l][k];
    if (kind === "w") at[name] = weightAt(net, part);
    if (kind === "p") at[name] = weightAt(net, part) * pass.a[l][k];
    if (kind === "b") at[name] = net.b[l][j];
    if (kind === "z") at[name] = pass.z[l][j];
    if (kind === "y") at[name] = y[k];
    if (kind === "c") at[name] = share(net, pass.a[layers(net)][k], y[k]);
    if (kind === "s" && net.activations[l] === "softmax") {
      const others = pass.z[l].filter((_, i) => i !== j);
      const top = Math.max(...others);
      at[name] = top + Math.log(sum(others.map((z) => Math.exp(z - top))));
    }
    if (kind === "C") at[name] = pass.C;
  }
  for (const { kind, name, l, j } of parts) {
    if (kind !== "r") continue;
    const mine = parts.filter((p) => p.kind === "p" && p.l === l && p.j === j);
    at[name] = pass.z[l][j] - net.b[l][j] - sum(mine.map((p) => at[p.name]));
  }
  at["r.C"] = pass.C - sum(parts.filter((p) => p.kind === "c").map((p) => at[p.name]));
  return at;
}

/* Add how far what is drawn relatively has gone from a base; a small net's z, from 0. */
export function withWays(at, base) {
  for (const name of Object.keys(at)) {
    if (/^[zbr]\./.test(name)) at[`d.${name}`] = at[name] - (base[name] ?? 0);
  }
  return at;
}

/* Return how hard everything is pulled: dC/d of each. */
export function pulls(net, parts, pass, back, y) {
  const last = layers(net) - 1;
  const felt = {};
  for (const { name, kind, l, k, j } of parts) {
    if (kind === "x") felt[name] = back.dc_dx[k];
    if (kind === "a") {
      felt[name] =
        l <= last ? sum(paths(net, back, l, k)) : slopeOfCost(net, back, pass.a[l][k], y[k], k);
    }
    if (kind === "w") felt[name] = back.dc_dW[l][k * net.shape[l + 1] + j];
    if ("bprz".includes(kind)) felt[name] = back.dc_dz[l][j];
    if (kind === "c" || kind === "C" || kind === "R") felt[name] = 1;
  }
  for (const { name, kind } of parts) {
    const output = felt[`o${name.slice(1)}`];
    if (kind === "y" && net.cost !== "cross-entropy" && output !== undefined) felt[name] = -output;
  }
  for (const name in felt) if (felt[name] === undefined) delete felt[name];
  return felt;
}

/* dC/da of an output, while the others stand still: how steep the cam of its cost is. */
function slopeOfCost(net, back, a, y, j) {
  const last = layers(net) - 1;
  if (back.dc_da[last]) return back.dc_da[last][j];
  if (net.cost !== "cross-entropy") return a - y; // of a softmax
  if (net.activations[last] === "softmax") return -y / Math.max(a, TINY);
  const kept = Math.min(Math.max(a, EPSILON), 1 - EPSILON); // as where C is computed
  return (kept - y) / (kept * (1 - kept));
}

/* Return the names of what a weight moves, itself first: all that lies on its way to C. */
export function downstream(net, parts, weight) {
  const own = parts.find((p) => "wb".includes(p.kind) && isSame(p, weight));
  if (!own) return new Set();
  const names = new Set([own.name]);
  if (own.kind === "w") names.add(`p${own.name.slice(1)}`);
  const units = new Set();
  const reach = (l, j) => {
    for (const p of parts) {
      if (p.kind === "z" && p.l === l && p.j === j) names.add(p.name);
      if (p.kind === "a" && p.l === l + 1 && p.k === j) names.add(p.name);
    }
    units.add(`${l + 1} ${j}`);
  };
  reach(weight.l, weight.j);
  for (const p of parts) {
    if (p.kind === "p" && units.has(`${p.l} ${p.k}`)) {
      names.add(p.name);
      reach(p.l, p.j);
    }
    if (p.kind === "c" && units.has(`${layers(net)} ${p.k}`)) names.add(p.name);
  }
  return names.add("C");
}
