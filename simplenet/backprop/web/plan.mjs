/* Where the gears of a train stand, which of them mesh, and what belts and notes go with them.

   A small net is planned in full. Of a larger one only the train of the gear in hand is, through
   the unit of each later layer that passes on most; what the other units add is summed up. A train
   of more than two layers goes on in further rows, so that C is in view where there is room.
*/

import { strongest, sum } from "./arrays.mjs";
import { paths } from "./network.mjs";
import { integer, signed } from "./format.mjs";
import { isSmall, layers } from "./names.mjs";
import { GEARS } from "./content.mjs";

export const radius = (kind) => (GEARS.module * GEARS.teeth[kind]) / 2; // of the pitch circle
const apart = (one, other) => radius(one) + radius(other);
const ROW = { units: 2, far: 290 }; // of a train

/* Everything turns by what its value has changed. Meshing gears turn opposite ways, as gears do, so
   W, B and A show more clockwise, Z and C counterclockwise. */
export const DIRECTION = { X: 1, W: 1, B: 1, Z: -1, A: 1, C: -1 };

/* Plan the train of a net, with the gear in hand and what `backward` gave for the sample. */
export function planOf(net, weight, back) {
  const plan = { gears: new Map(), belts: [], meshes: [], badges: [], pins: [], notes: [] };
  if (isSmall(net)) planAll(plan, net);
  else planTrain(plan, net, weight, back);
  addBadges(plan, net, weight, back);
  return plan;
}

/* Add a gear. `label` is where its text stands: [dx, dy, anchor], from its centre. */
function addGear(plan, kind, id, x, y, what) {
  plan.gears.set(id, { kind, id, x, y, phase: 0, ...what });
  return plan.gears.get(id);
}

/* Add a gear that meshes with another, at an angle in degrees, clockwise from the right. */
function addMeshing(plan, kind, id, to, angle, what) {
  const way = (angle * Math.PI) / 180;
  const far = apart(kind, to.kind);
  const [x, y] = [to.x + far * Math.cos(way), to.y + far * Math.sin(way)];
  const gear = addGear(plan, kind, id, x, y, what);
  mesh(plan, to, gear);
  return gear;
}

/* Turn a gear until its teeth fall into the gaps of the one it meshes with. */
function mesh(plan, one, other) {
  const way = Math.atan2(other.y - one.y, other.x - one.x);
  const along = radius(one.kind) * (one.phase - way) - (Math.PI * GEARS.module) / 2;
  other.phase = way + Math.PI - along / radius(other.kind);
  plan.meshes.push([one.id, other.id]);
}

/* Add one unit: the W gears and the B gear that drive its Z, and its A, which is returned.

   `up` is -1 above, 1 below. */
function addUnit(plan, net, l, j, z, { from, up, towards, labels }) {
  const spread = from.length > 1 ? 40 : 0;
  for (const [i, k] of from.entries()) {
    const side = from.length > 1 ? 2 * i - 1 : up; // the first stands above the second
    const label =
      from.length > 1
        ? [-8, side < 0 ? -radius("W") - 28 : radius("W") + 20, "middle"]
        : [0, radius("W") + 24, "middle"];
    const id = `w ${l} ${k} ${j}`;
    addMeshing(plan, "W", id, z, 180 - side * spread, { label, weight: { l, k, j } });
    plan.belts.push([`a ${l} ${k}`, id]);
  }
  addMeshing(plan, "B", `b ${l} ${j}`, z, up * 80, { label: labels.B, weight: { l, k: null, j } });
  const place = { label: labels.A, unit: j, layer: l + 1 };
  return addMeshing(plan, "A", `a ${l + 1} ${j}`, z, towards, place);
}

function labelsOf(up, last) {
  // On the side of Z without a B gear.
  const free = (kind) => (up < 0 ? radius(kind) + 20 : -radius(kind) - 28);
  return {
    B: [radius("B") + 9, -2, "start"],
    A: last ? [radius("A") + 9, up < 0 ? -10 : 2, "start"] : [22, free("A"), "middle"],
    Z: last ? [radius("Z") + 9, up < 0 ? -20 : 10, "start"] : [-16, free("Z"), "start"],
  };
}

/* Plan all of a small net: one column of units for each layer. */
function planAll(plan, net) {
  const rows = (n) => (n === 1 ? [0] : [-140, 140]);
  const up = (n, j) => (n === 1 ? 1 : rows(n)[j] < 0 ? -1 : 1);
  for (const [k, y] of rows(net.shape[0]).entries()) {
    const label = [0, radius("X") + 22, "middle"];
    addGear(plan, "X", `a 0 ${k}`, 0, y, { label, unit: k, layer: 0 });
  }
  let x = 250;
  for (let l = 0; l < layers(net); l++, x += 328) {
    const m = net.shape[l + 1];
    const last = l === layers(net) - 1;
    const from = Array.from({ length: net.shape[l] }, (_, k) => k);
    const units = rows(m).map((y, j) => {
      const labels = labelsOf(up(m, j), last && m > 1);
      const z = addGear(plan, "Z", `z ${l} ${j}`, x, y, { label: labels.Z, unit: j, layer: l });
      const towards = last && m > 1 ? -up(m, j) * 40 : 0;
      return addUnit(plan, net, l, j, z, { from, up: up(m, j), towards, labels });
    });
    if (last) addCost(plan, units);
  }
}

/* Add C, which meshes with the last A gears: they, and all behind them, are set to its teeth. */
function addCost(plan, units) {
  const [first] = units;
  const across = Math.sqrt(apart("C", "A") ** 2 - first.y ** 2 * (units.length - 1));
  const cost = addGear(plan, "C", "C", first.x + across, units.length > 1 ? 0 : first.y, {
    label: [radius("C") + 14, units.length > 1 ? -4 : radius("C") - 6, "start"],
  });
  for (const unit of units) mesh(plan, cost, unit);
  const settled = new Set(["C", ...units.map((unit) => unit.id)]);
  for (let rounds = 0; rounds < plan.gears.size; rounds++) {
    for (const [one, other] of [...plan.meshes]) {
      const [known, open] = settled.has(one) ? [one, other] : [other, one];
      if (!settled.has(known) || settled.has(open)) continue;
      mesh(plan, plan.gears.get(known), plan.gears.get(open));
      plan.meshes.pop(); // it was there already
      settled.add(open);
    }
  }
  plan.pins = units.map((unit, i) => ({
    x: cost.x + 106,
    y: cost.y + (2 * i - units.length + 1) * 46,
    unit: unit.unit,
  }));
}

/* Plan the train of the gear in hand: at each layer through the unit that passes on most. */
function planTrain(plan, net, { l, k, j }, back) {
  const labels = {
    B: [radius("B") + 9, 6, "start"],
    A: [6, -radius("A") - 30, "middle"],
    Z: [-4, -radius("Z") - 30, "middle"],
  };
  let [from, unit, x, y] = [k ?? 0, j, 235, 0];
  addGear(plan, "X", `a ${l} ${from}`, 0, 0, { label: labels.A, unit: from, layer: l });
  for (let i = l; i < layers(net); i++) {
    const z = addGear(plan, "Z", `z ${i} ${unit}`, x, y, { label: labels.Z, unit, layer: i });
    const a = addUnit(plan, net, i, unit, z, { from: [from], up: 1, towards: 0, labels });
    if (i === layers(net) - 1) return addCost(plan, [a]);
    const parts = paths(net, back, i + 1, unit);
    const through = strongest(parts);
    addFan(plan, a, parts, through);
    const wraps = (i + 1 - l) % ROW.units === 0;
    [from, unit] = [unit, through];
    [x, y] = wraps ? [150, y + ROW.far] : [x + 318, y];
  }
}

/* Add a note, where the train drives more units than the drawn one, of what the others add. */
function addFan(plan, gear, parts, through) {
  if (parts.length < 2) return;
  const others = `${integer(parts.length - 1)} other${parts.length > 2 ? "s" : ""}`;
  const text = `${others}: ${signed(sum(parts) - parts[through], 3)}`;
  plan.notes.push({ x: gear.x + 78, y: gear.y + 104, from: gear.id, lines: ["through", text] });
}

/* Add the numbers of the first ratios: they stand where the path of the gear in hand begins. */
function addBadges(plan, net, { l, k, j }, back) {
  const at = (one, other) => {
    const [p, q] = [plan.gears.get(one), plan.gears.get(other)];
    const share = radius(p.kind) / (radius(p.kind) + radius(q.kind));
    return { x: p.x + (q.x - p.x) * share, y: p.y + (q.y - p.y) * share };
  };
  const [z, a] = [`z ${l} ${j}`, `a ${l + 1} ${j}`];
  const places = [at(k === null ? `b ${l} ${j}` : `w ${l} ${k} ${j}`, z), at(z, a)];
  if (back.slope[l]) {
    const gear = plan.gears.get(a);
    places.push(l === layers(net) - 1 ? at(a, "C") : { x: gear.x + radius("A"), y: gear.y });
  }
  plan.badges = places.map((place, i) => ({ ...place, text: i + 1 }));
}
