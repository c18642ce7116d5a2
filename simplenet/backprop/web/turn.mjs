/* The panel Turn: which gear is in hand, how far it is turned, and what C makes of it. */

import { bySize, clampedIndex, strongest, sum } from "./arrays.mjs";
import { paths } from "./network.mjs";
import { digits, short, signed } from "./format.mjs";
import {
  isSame,
  isSmall,
  layers,
  parameterName,
  parametersOf,
  unitName,
  weightsName,
} from "./names.mjs";
import { announce, byId, change, make, number, setAttributes } from "./dom.mjs";
import {
  chooseWeight,
  indexInHand,
  keepTurn,
  state,
  strongestWeight,
  turnTo,
} from "./state.mjs";
import { markPixel, paintGrey, paintHeat } from "./charts.mjs";

/* Offer the gears of a small net as a list; of another by layer, from, to. */
export function showWeightChoice() {
  const { net } = state.shown;
  const controls = isSmall(net) ? [gearSelect(net)] : placeInputs(net);
  const strong = make("button", { type: "button", id: "strongest" }, "Strongest gradient");
  strong.onclick = () => chooseWeight(strongestWeight(state.weight.l));
  const legend = byId("weight").firstElementChild;
  const focused = document.activeElement?.id;
  byId("weight").replaceChildren(legend, make("p", { class: "row" }, ...controls, strong));
  if (focused && byId("weight").contains(byId(focused))) byId(focused).focus();
  byId("how-far").textContent = "How far to turn " + parameterName(net, state.weight);
}

function gearSelect(net) {
  const all = parametersOf(net);
  const select = make("select", { id: "gear-choice", "aria-label": "Gear" });
  for (const [i, p] of all.entries()) {
    const into =
      p.k === null ? "" : `, ${unitName(net, p.l, p.k)} to ${unitName(net, p.l + 1, p.j)}`;
    select.append(make("option", { value: i }, parameterName(net, p) + into));
  }
  select.value = all.findIndex((p) => isSame(p, state.weight));
  select.onchange = () => chooseWeight(all[select.value]);
  return select;
}

function placeInputs(net) {
  const { l, k, j } = state.weight;
  const layer = make("select", { id: "gear-layer", "aria-label": "Weights or biases" });
  for (let i = 0; i < layers(net); i++) {
    layer.append(make("option", { value: `W${i}` }, weightsName(net, i)));
    layer.append(make("option", { value: `B${i}` }, weightsName(net, i, "B")));
  }
  layer.value = (k === null ? "B" : "W") + l;
  layer.onchange = () => {
    const i = +layer.value.slice(1);
    chooseWeight(
      layer.value[0] === "W"
        ? strongestWeight(i)
        : { l: i, k: null, j: strongest(state.back.dc_db[i]) },
    );
  };
  const from = indexBox("gear-from", "from unit", k, net.shape[l], (v) => ({ l, k: v, j }));
  const to = indexBox("gear-to", "into unit", j, net.shape[l + 1], (v) => ({ l, k, j: v }));
  return [layer, ...(k === null ? [] : from), ...to];
}

function indexBox(id, label, value, size, weight) {
  const input = make("input", { type: "number", id, min: 0, max: size - 1, value });
  // The weight that is chosen then fills this box anew.
  input.onchange = () => chooseWeight(weight(clampedIndex(input.value, size)));
  return [make("label", { for: id }, label), input];
}

/* Return the ratios on the path of the gear in hand: [what, value, note]. */
function ratioList() {
  const {
    net,
    weight: { l, k, j },
    pass,
    back,
  } = state;
  const to = unitName(net, l + 1, j);
  const first = k === null ? 1 : pass.a[l][k];
  const why =
    k === null
      ? "a band passes on all of it: ratio 1"
      : `the activation of ${unitName(net, l, k)}${placeOfInput(l, k)}`;
  const list = [[`z of ${to} per ${parameterName(net, state.weight)}`, first, why]];
  if (!back.slope[l]) {
    return [
      ...list,
      [
        `C per z of ${to}`,
        back.dc_dz[l][j],
        net.cost === "cross-entropy"
          ? "cost and activation in one step: a − y, no separate slope"
          : "softmax and squared error in one step: a times (its error − the mean error)",
      ],
    ];
  }
  list.push([`a of ${to} per z`, back.slope[l][j], `the slope of ${net.activations[l]} here`]);
  const last = l === layers(net) - 1;
  const sumOf = last
    ? net.cost === "squared-error"
      ? "2 (a − y)"
      : "a − y"
    : fanOut(net, back, l + 1, j);
  return [...list, [`C per a of ${to}`, back.dc_da[l][j], sumOf]];
}

/* Say in words where in the picture an input is. */
function placeOfInput(l, k) {
  const { size } = state.shown;
  return l > 0 || !size
    ? ""
    : `: the pixel in row ${Math.floor(k / size[1])}, column ${k % size[1]}, counted from 0`;
}

/* Say in words which paths dC/da of a unit is the sum of. */
function fanOut(net, back, l, k) {
  const parts = paths(net, back, l, k);
  const most = parts.length <= 3 ? parts.map((_, j) => j) : bySize(parts).slice(0, 2);
  const named = most.map((j) => `${signed(parts[j])} through ${unitName(net, l + 1, j)}`);
  const others = parts.length - most.length;
  if (others)
    named.push(`${signed(sum(parts) - sum(most.map((j) => parts[j])))} through ${others} others`);
  return (named.length > 1 ? "a sum over paths: " : "") + named.join(", ");
}

const FAR = 1e6; // as far as the panel turns

let listed = null; // the backward pass that the list is of
let listedWeight = null;

export function refreshTurn() {
  const {
    turn,
    ratio,
    back,
    now,
  } = state;
  if (listed !== back || listedWeight !== state.weight) showRatios();
  const actual = now.C - back.C;
  byId("predicted").replaceChildren(change(ratio.dC * turn));
  byId("ratio").replaceChildren(state.fresh ? "" : change(ratio.dC)); // that is the question
  byId("actual").replaceChildren(change(actual));
  byId("per-turn").replaceChildren(turn ? change(actual / turn) : "turn it first");
  byId("cost-now").replaceChildren(number(now.C));
  byId("turn-keep").setAttribute("aria-disabled", !turn);
  if (!byId("pinned").hidden) showPinned(actual);
  for (const id of ["turn-range", "turn-number"]) {
    if (document.activeElement !== byId(id) || +byId(id).value !== turn)
      byId(id).value = +turn.toPrecision(9);
  }
  announceTurn();
}

/* C in words, for where it cannot be seen. */
function showPinned(actual) {
  const { turn, ratio, now } = state;
  byId("pinned").replaceChildren(
    ...(turn
      ? ["C changes by ", change(actual), "; the ratio says ", change(ratio.dC * turn)]
      : ["C is ", number(now.C)]),
  );
}

/* The list is that of this backward pass and this weight, however far it is turned. */
function showRatios() {
  const { net, back, ratio, weight } = state;
  listed = back;
  listedWeight = weight;
  const list = ratioList();
  byId("ratios").replaceChildren(
    ...list.map(([what, value, why]) =>
      make(
        "li",
        {},
        make("span", { class: "what" }, what),
        " ",
        number(value),
        make("span", { class: "why" }, why),
      ),
    ),
  );
  byId("ratios").append(
    make(
      "li",
      { class: "product" },
      make("span", { class: "what" }, `dC/d${parameterName(net, state.weight)}`),
      " ",
      list.map(([, v]) => (v < 0 ? `(${digits(v)})` : digits(v))).join(" × ") + " = ",
      number(ratio.dC),
    ),
  );
}

function announceTurn() {
  const {
    net,
    turn,
    ratio,
    back,
    now,
  } = state;
  const name = parameterName(net, state.weight);
  if (state.fresh) return announce("turn-said", "");
  if (!turn)
    return announce(
      "turn-said",
      `${name} is at ${short(net.params[indexInHand()])}; dC/d${name} is ${signed(ratio.dC)}.`,
    );
  return announce(
    "turn-said",
    `${name} by ${short(turn)}: C should change by ${signed(ratio.dC * turn)}, ` +
      `and does by ${signed(now.C - back.C)}.` +
      (Math.abs(turn) === FAR ? " It turns no further." : ""),
  );
}

/* For a weight of the first layer, in the Turn panel: its pixel, and the gradients around it. */
export function showPicked() {
  const {
    net,
    shown: { size },
    weight: { l, k, j },
    x,
    back,
  } = state;
  byId("picked").hidden = !size || l > 0 || k === null;
  if (byId("picked").hidden) return;
  const [rows, columns] = size;
  const small = make("canvas");
  paintGrey(small, x, size);
  paintHeat(
    byId("picked-heat"),
    Float64Array.from(x, (_, i) => back.dc_dW[0][i * net.shape[1] + j]),
    size,
  );
  const { width, height } = byId("picked-heat");
  setAttributes(byId("picked-pixel"), { width, height });
  const context = byId("picked-pixel").getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, width, height);
  for (const on of [context, byId("picked-heat").getContext("2d")])
    markPixel(on, k % columns, Math.floor(k / columns), width / columns);
  byId("picked-pixel").onclick = ({ offsetX, offsetY, target }) => {
    const at = (offset, shown, n) => clampedIndex((offset / shown) * n, n);
    chooseWeight({
      l,
      k:
        at(offsetY, target.clientHeight, rows) * columns + at(offsetX, target.clientWidth, columns),
      j,
    });
  };
  byId("picked-cap").textContent =
    `dC/dW of the weights from every pixel into ${unitName(net, 1, j)}: ` +
    "the pixel, times one dC/dz. Hatched means negative.";
}

export function wireTurn() {
  byId("turn-range").oninput = (event) => turnTo(+event.target.value);
  byId("turn-number").oninput = ({ target }) =>
    turnTo(Math.max(-FAR, Math.min(parseFloat(target.value), FAR)));
  byId("turn-back").onclick = () => turnTo(0);
  byId("turn-keep").onclick = keepTurn;
}
