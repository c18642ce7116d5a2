/* The panel Paths: where gradients add up. */

import { bySize, clampedIndex, sum } from "./arrays.mjs";
import { paths } from "./network.mjs";
import { digits, factor, given, integer, signed } from "./format.mjs";
import { gradientName, isSmall, layerName, layers, parameterName, unitName } from "./names.mjs";
import { announce, byId, make } from "./dom.mjs";
import { chooseUnit, state } from "./state.mjs";
import { showBars } from "./charts.mjs";

const MOST_BARS = 10; // shown one by one

/* Offer the units of a small net as a list; of another by layer and number. */
export function showUnitChoice() {
  const { net } = state.shown;
  const fields = byId("unit");
  const units = net.shape.flatMap((n, l) =>
    Array.from({ length: isSmall(net) ? n : 1 }, (_, k) => ({ l, k })),
  );
  const select = make("select", {
    id: "unit-layer",
    "aria-label": isSmall(net) ? "Unit" : "Layer",
  });
  for (const [i, { l, k }] of units.entries()) {
    select.append(
      make("option", { value: i }, isSmall(net) ? unitName(net, l, k) : layerName(net, l)),
    );
  }
  select.value = units.findIndex(
    ({ l, k }) => l === state.unit.l && (!isSmall(net) || k === state.unit.k),
  );
  select.onchange = () => {
    const unit = units[select.value];
    if (!isSmall(net)) Object.assign(byId("unit-number"), { max: net.shape[unit.l] - 1, value: 0 });
    chooseUnit(unit);
  };
  const controls = [select];
  if (!isSmall(net)) controls.push(...unitNumber(net));
  fields.replaceChildren(fields.firstElementChild, make("p", { class: "row" }, ...controls));
}

function unitNumber(net) {
  const { l, k } = state.unit;
  const input = make("input", {
    type: "number",
    id: "unit-number",
    min: 0,
    max: net.shape[l] - 1,
    value: k,
  });
  input.oninput = () => {
    chooseUnit({ l: state.unit.l, k: clampedIndex(input.value, net.shape[state.unit.l]) });
  };
  input.onchange = () => {
    input.value = state.unit.k;
  };
  return [make("label", { for: "unit-number" }, "unit"), input];
}

export function refreshPaths() {
  const {
    net,
    unit: { l, k },
    back,
  } = state;
  const name = unitName(net, l, k);
  if (l === layers(net)) return showOutputUnit(net, k, name);
  const parts = paths(net, back, l, k);
  const order = bySize(parts);
  const smallest = Math.abs(parts[order[0]]) / 100;
  const count = order.findIndex((j) => Math.abs(parts[j]) < smallest);
  const most = count < 0 || count > MOST_BARS ? MOST_BARS : Math.max(count, 1);
  const rows = order.slice(0, most).map((j) => {
    const [w, dc_dz] = [net.W[l][k * net.shape[l + 1] + j], back.dc_dz[l][j]];
    const product = `${given(w)} × ${factor(dc_dz, digits(dc_dz))}`;
    return {
      name: `through ${unitName(net, l + 1, j)}`,
      how: `${parameterName(net, { l, k, j })} × dC/dz = ${product}`,
      value: parts[j],
    };
  });
  const rest = order.slice(most).map((j) => parts[j]);
  if (rest.length)
    rows.push({
      name: `through ${integer(rest.length)} others`,
      how: count === most ? "each less than 1 % of the largest" : "each smaller than these",
      value: sum(rest),
    });
  const total = sum(parts);
  showBars([
    ...rows,
    { name: `${gradientName(net, l, k)}: the sum`, how: "", value: total, sum: true },
  ]);
  const against = Math.min(...[1, -1].map((s) => sum(parts.map((v) => Math.max(s * v, 0)))));
  byId("paths-hint").textContent =
    (against > smallest
      ? "The paths disagree in sign, and partly cancel. "
      : "All paths that matter here agree in sign. ") +
    (l === 0
      ? "An input cannot be trained, but what C feels of it can be computed all the same."
      : `Times the slope of ${name}, this sum is its dC/dz: the next checkpoint back.`);
  announce(
    "paths-said",
    `${gradientName(net, l, k)} is ${signed(total)}, the sum of ${parts.length} ` +
      (parts.length > 1 ? "paths." : "path."),
  );
}

function showOutputUnit(net, k, name) {
  const { back } = state;
  const last = layers(net) - 1;
  const [value, what] = back.dc_da[last]
    ? [back.dc_da[last][k], gradientName(net, last + 1, k)]
    : [back.dc_dz[last][k], `dC/dz of ${name}`];
  const cross = net.cost === "cross-entropy" || back.dc_da[last];
  const how = cross ? `a − y = ${digits(state.pass.a[last + 1][k])} − ${factor(state.y[k])}` : "";
  showBars([
    {
      name: what,
      how: net.cost === "squared-error" ? `2 (${how.split(" = ")[0]})` : how,
      value,
      sum: true,
    },
  ]);
  byId("paths-hint").textContent = back.dc_da[last]
    ? "An output drives the cam of its cost, and nothing else: one path. Choose a unit further back."
    : "This cost goes back to z in one step. There is no separate slope. " +
      "Choose a unit further back.";
  announce("paths-said", `${what} is ${signed(value)}.`);
}
