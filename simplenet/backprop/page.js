/* The interface of the page: what is chosen, and the Turn panel.

   gears.js has the mathematics, stage.js draws the gears, panels.js and sketch.js are the other
   panels. All state is in `state`; after a change of it `refresh` shows everything again.
*/
"use strict";

const CONTENT = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);

const state = {
  shown: null, // the entry of CONTENT.nets, with its net once it has been read
  x: null,
  y: null,
  pass: null, // what forward gave for x
  back: null, // what backward gave
  weight: { l: 0, k: 0, j: 0 }, // the gear in hand; k is null for a bias
  turn: 0,
  ratio: null, // what ratios gave for the gear in hand
  now: null, // everything computed again, with the gear turned
  unit: { l: 0, k: 0 }, // of the Paths
  step: 0, // of the Sweep
  tab: "turn",
};

// --- small helpers --------------------------------------------------------------------------------

/* Make an element. Text goes in as text, so that no name can become markup. */
function make(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

function draw(tag, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const digits = (v, n = 6) => {
  if (v === 0) return "0";
  const size = Math.abs(v);
  const text = size >= 1e-4 && size < 1e6 ? size.toPrecision(n) : size.toExponential(n - 1);
  return (v < 0 ? "−" : "") + text.replace("e-", "e−");
};
const signed = (v, n = 6) => (v > 0 ? "+" : "") + digits(v, n);
const short = (v) => String(+v.toPrecision(4)).replace("-", "−");
const whole = (n) => n.toLocaleString("en");
/* A number that was given, not computed: as it is, if that is not longer; within a product. */
const given = (v) => (+v.toPrecision(6) === v ? String(v).replace(/-/g, "−") : digits(v));
const factor = (v, text = given(v)) => (v < 0 ? `(${text})` : text);
/* A further term of a sum, or the first: its sign stands apart from it. */
const further = (v, text = given(v)) => `${v < 0 ? "−" : "+"} ${text.replace(/^−/, "")}`;
const asSum = (terms) => terms.join(" ").replace(/^\+ /, "").replace(/^− /, "−");

/* A number as people read it, which also carries its full value for programs. */
const number = (v, text = digits(v)) => make("data", { value: String(v) }, text);
const change = (v) => number(v, signed(v));

const SUPERSCRIPTS = {
  "-": "⁻",
  0: "⁰",
  1: "¹",
  2: "²",
  3: "³",
  4: "⁴",
  5: "⁵",
  6: "⁶",
  7: "⁷",
  8: "⁸",
  9: "⁹",
};
const raised = (n) => String(n).replace(/./g, (c) => SUPERSCRIPTS[c]);
const strongest = (values) =>
  values.reduce((best, v, i) => (Math.abs(v) > Math.abs(values[best]) ? i : best), 0);
/* Which comes first, if the largest do, whatever their sign. */
const bySize = (values) =>
  Array.from(values, (_, i) => i).sort((i, j) => Math.abs(values[j]) - Math.abs(values[i]));
const isOneHot = (y) => y.every((v) => v === 0 || v === 1) && sum(y) === 1;

/* Say something to screen readers and others, but not while it is still changing. */
const waiting = new Map();
function say(id, text) {
  clearTimeout(waiting.get(id));
  waiting.set(
    id,
    setTimeout(() => {
      byId(id).textContent = text;
    }, 350),
  );
}

/* Another net or sample: what was said, or was about to be, is of the one before. */
function hush() {
  for (const [id, timer] of waiting) {
    clearTimeout(timer);
    byId(id).textContent = "";
  }
}

// --- names ----------------------------------------------------------------------------------------

const layers = (net) => net.W.length;
const isSmall = (net) => Math.max(...net.shape) <= 2 && layers(net) <= 2;
const layerName = (net, l) => "A" + raised(l - layers(net));
const weightsName = (net, l, letter = "W") => letter + raised(l + 1 - layers(net));

function unitName(net, l, k) {
  if (isSmall(net)) return (l === 0 ? "x" : l === layers(net) ? "o" : "h") + (k + 1);
  if (l === 0) return "input " + k;
  return (l === layers(net) ? "output " : "unit ") + k;
}

/* What C feels of a unit. */
const feltName = (net, l, k) => (isSmall(net) ? "dC/d" : "dC/da of ") + unitName(net, l, k);

/* The example's weights have names of their own, w1 to w8; elsewhere a weight is W⁰[k, j]. */
function parameterName(net, { l, k, j }) {
  if (k === null)
    return isSmall(net) ? "b of " + unitName(net, l + 1, j) : `${weightsName(net, l, "B")}[${j}]`;
  if (!isSmall(net)) return `${weightsName(net, l)}[${k}, ${j}]`;
  const before = net.W.slice(0, l).reduce((n, W) => n + W.length, 0);
  return "w" + (before + j * net.shape[l] + k + 1);
}

// --- choosing -------------------------------------------------------------------------------------

/* Read the numbers of a net when it is first shown: a large one takes a moment. */
function chooseNet(shown) {
  if (!shown.net) {
    shown.net = netAround(shown, decode(shown.params.base64, shown.params.format));
    shown.inputs = decode(shown.x.base64, shown.x.format).map((v) => v / shown.scale);
    shown.targets = decode(shown.y.base64, shown.y.format);
  }
  dropGear();
  hush();
  state.shown = shown;
  byId("sample-label").textContent = shown.size ? "Image" : "Sample";
  byId("note").textContent = shown.note;
  byId("note").hidden = !shown.note;
  fillSamples();
  const first = mostFelt(shown);
  byId("sample").value = first;
  chooseSample(first);
  state.weight = isSmall(shown.net) ? { l: layers(shown.net) - 1, k: 0, j: 0 } : strongestWeight(0);
  state.unit = isSmall(shown.net)
    ? { l: layers(shown.net) - 1, k: 0 }
    : { l: 1, k: state.weight.j };
  state.step = 0;
  chooseWeight(state.weight);
  showUnitChoice();
  openSketch();
}

function sampleOf(shown, i) {
  const cut = (values, size) => values.slice(i * size, (i + 1) * size);
  const { shape } = shown.net;
  return { x: cut(shown.inputs, shape[0]), y: cut(shown.targets, shape[shape.length - 1]) };
}

/* The sample with the strongest dC/dz at the output: there is most to see there, and to learn.

   It need not be the one with the largest C: where outputs are saturated, hardly anything turns. */
function mostFelt(shown) {
  const { net } = shown;
  const { slope } = ACTIVATIONS[net.activations[layers(net) - 1]];
  const felt = Array.from({ length: byId("sample").length }, (_, i) => {
    const { x, y } = sampleOf(shown, i);
    const a = forward(net, x).a[layers(net)];
    const dc_da = costOf(net).slope(a, y);
    const slopes = costOf(net).atZ ? a.map(() => 1) : slope(a);
    return sum(dc_da.map((v, j) => Math.abs(v * slopes[j])));
  });
  return strongest(felt);
}

function sampleName(shown, i) {
  const { y } = sampleOf(shown, i);
  return (
    `${i + 1}` +
    (isOneHot(y) && y.length > 1 ? `: class ${y.indexOf(1)}` : "") +
    (shown.captions.length ? `, ${shown.captions[i]}` : "")
  );
}

function fillSamples() {
  const count = state.shown.targets.length / state.shown.net.shape[layers(state.shown.net)];
  const options = Array.from({ length: count }, (_, i) =>
    make("option", { value: i }, sampleName(state.shown, i)),
  );
  byId("sample").replaceChildren(...options);
  byId("sample-choice").hidden = count < 2;
}

function chooseSample(i) {
  const { shown } = state;
  Object.assign(state, sampleOf(shown, i), { turn: 0 });
  state.pass = forward(shown.net, state.x);
  state.back = backward(shown.net, state.pass, state.y);
  byId("thumb").hidden = !shown.size;
  if (shown.size) paintGrey(byId("thumb"), state.x, shown.size);
}

/* The weight of a layer that C feels most. */
function strongestWeight(l) {
  const m = state.shown.net.shape[l + 1];
  const i = strongest(state.back.dc_dW[l]);
  return { l, k: Math.floor(i / m), j: i % m };
}

function chooseWeight(weight) {
  const { net } = state.shown;
  state.weight = weight;
  state.turn = 0;
  state.ratio = ratios(net, state.pass, state.back, weight.l, weight.k, weight.j);
  showWeightChoice();
  showPicked();
  byId("how-far").textContent = "How far to turn " + parameterName(net, weight);
  buildStage();
  refresh();
}

function turnTo(amount) {
  state.turn = Number.isFinite(amount) ? amount : 0;
  refresh();
}

// --- the Turn panel -------------------------------------------------------------------------------

/* Small nets: a list of all gears. Others: layer, from, to. */
function showWeightChoice() {
  const { net } = state.shown;
  const controls = isSmall(net) ? [gearSelect(net)] : placeInputs(net);
  const strong = make("button", { type: "button", id: "strongest" }, "Strongest gradient");
  strong.onclick = () => chooseWeight(strongestWeight(state.weight.l));
  const legend = byId("weight").firstElementChild;
  const focused = document.activeElement?.id;
  byId("weight").replaceChildren(legend, make("p", { class: "row" }, ...controls, strong));
  if (focused && byId("weight").contains(byId(focused))) byId(focused).focus();
}

function parametersOf(net) {
  const all = [];
  for (let l = 0; l < layers(net); l++) {
    for (let j = 0; j < net.shape[l + 1]; j++) {
      for (let k = 0; k < net.shape[l]; k++) all.push({ l, k, j });
      all.push({ l, k: null, j });
    }
  }
  return all;
}

function gearSelect(net) {
  const all = parametersOf(net);
  const same = (p) => ["l", "k", "j"].every((key) => p[key] === state.weight[key]);
  const select = make("select", { id: "gear-choice", "aria-label": "Gear" });
  for (const [i, p] of all.entries()) {
    const into =
      p.k === null ? "" : `, ${unitName(net, p.l, p.k)} to ${unitName(net, p.l + 1, p.j)}`;
    select.append(make("option", { value: i }, parameterName(net, p) + into));
  }
  select.value = all.findIndex(same);
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
  input.onchange = () => chooseWeight(weight(heldIn(input.value, size))); // which fills it anew
  return [make("label", { for: id }, label), input];
}

const heldIn = (text, size) => Math.min(Math.max(Math.trunc(+text) || 0, 0), size - 1);

/* The list of ratios on the path of the gear in hand: [what, value, note]. */
function ratioList() {
  const {
    shown: { net },
    weight: { l, k, j },
    pass,
    back,
  } = state;
  const to = unitName(net, l + 1, j);
  const first = k === null ? 1 : pass.a[l][k];
  const why =
    k === null
      ? "a bias meshes at ratio 1"
      : `what ${unitName(net, l, k)} says${placeOfInput(l, k)}`;
  const list = [[`z of ${to} per ${parameterName(net, state.weight)}`, first, why]];
  if (!back.slope[l]) {
    return [
      ...list,
      [
        `C per z of ${to}`,
        back.dc_dz[l][j],
        "cost and activation in one step: a − y, no separate slope",
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

/* In words: where in the picture an input is. */
function placeOfInput(l, k) {
  const { size } = state.shown;
  return l > 0 || !size
    ? ""
    : `: the pixel in row ${Math.floor(k / size[1])}, column ${k % size[1]}, counted from 0`;
}

/* In words: the paths that dC/da of a unit is the sum of. */
function fanOut(net, back, l, k) {
  const parts = paths(net, back, l, k);
  const most = parts.length <= 3 ? parts.map((_, j) => j) : bySize(parts).slice(0, 2);
  const named = most.map((j) => `${signed(parts[j])} through ${unitName(net, l + 1, j)}`);
  const others = parts.length - most.length;
  if (others)
    named.push(`${signed(sum(parts) - sum(most.map((j) => parts[j])))} through ${others} others`);
  return (named.length > 1 ? "a sum over paths: " : "") + named.join(", ");
}

function refreshTurn() {
  const {
    shown: { net },
    turn,
    ratio,
    back,
    now,
  } = state;
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
  const actual = now.C - back.C;
  byId("predicted").replaceChildren(change(ratio.dC * turn));
  byId("ratio").replaceChildren(change(ratio.dC));
  byId("actual").replaceChildren(change(actual));
  byId("per-turn").replaceChildren(turn ? change(actual / turn) : "turn it first");
  byId("cost-now").replaceChildren(number(now.C));
  byId("pinned").replaceChildren(
    ...(turn
      ? ["C changes by ", change(actual), "; the ratio says ", change(ratio.dC * turn)]
      : ["C is ", number(now.C)]),
  );
  for (const id of ["turn-range", "turn-number"]) {
    if (document.activeElement !== byId(id) || +byId(id).value !== turn)
      byId(id).value = +turn.toFixed(9);
  }
}

function tellTurn() {
  const {
    shown: { net },
    turn,
    ratio,
    back,
    now,
  } = state;
  const name = parameterName(net, state.weight);
  if (!turn)
    return say(
      "turn-said",
      `${name} is at ${short(net.params[indexInHand()])}; dC/d${name} is ${signed(ratio.dC)}.`,
    );
  return say(
    "turn-said",
    `${name} turned by ${short(turn)}: C should change by ${signed(ratio.dC * turn)}; ` +
      `it changes by ${signed(now.C - back.C)}.`,
  );
}

const indexInHand = () => indexOf(state.shown.net, state.weight.l, state.weight.k, state.weight.j);

function hintOfTurn() {
  const { net } = state.shown;
  return (
    `One forward and one backward pass give all ${whole(net.params.length)} ratios at once. Nudging each by itself ` +
    `would take ${whole(net.params.length + 1)} forward passes.`
  );
}

// --- everything -----------------------------------------------------------------------------------

function refresh() {
  const {
    shown: { net },
    x,
    y,
    turn,
  } = state;
  state.now = turn ? turned(net, x, y, indexInHand(), turn) : { ...state.pass, C: state.back.C };
  refreshStage();
  pinCost();
  if (state.tab !== "turn") bringIntoView(".lit .dial");
  if (state.tab === "turn") {
    refreshTurn();
    tellTurn();
  } else if (state.tab === "paths") refreshPaths();
  else if (state.tab === "sweep") refreshSweep();
  byId("turn-hint").textContent = hintOfTurn();
}

const tabs = () => Array.from(byId("tabs").children);

function openTab(tab) {
  for (const other of tabs()) {
    other.setAttribute("aria-selected", other === tab);
    other.tabIndex = other === tab ? 0 : -1;
    byId(other.getAttribute("aria-controls")).hidden = other !== tab;
  }
  state.tab = tab.getAttribute("aria-controls");
  document.body.dataset.tab = state.tab;
  if (state.tab !== "turn") state.turn = 0; // the other panels are about the net as it stands
  refresh();
  if (state.tab === "turn") bringIntoView(".held .grip");
}

/* Arrow keys go from tab to tab, as everywhere. */
function onTabKey(event) {
  const all = tabs();
  const at = all.indexOf(document.activeElement);
  const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: all.length - 1 }[event.key];
  if (to === undefined || at < 0) return;
  const tab = all[(to + all.length) % all.length];
  tab.focus();
  openTab(tab);
  event.preventDefault();
}

function wire() {
  CONTENT.nets.forEach((shown, i) => {
    const radio = make("input", { type: "radio", name: "net", id: `net-${i}`, value: i });
    radio.checked = i === 0;
    radio.onchange = () => chooseNet(shown);
    byId("nets").append(make("label", {}, radio, ` ${shown.name}`));
  });
  byId("nets").hidden = CONTENT.nets.length < 2;
  byId("choice").onsubmit = (event) => event.preventDefault();
  byId("sample").onchange = () => {
    dropGear();
    hush();
    chooseSample(+byId("sample").value);
    chooseWeight(isSmall(state.shown.net) ? state.weight : strongestWeight(state.weight.l));
    sketchSample();
  };
  for (const tab of tabs()) tab.onclick = () => openTab(tab);
  byId("tabs").onkeydown = onTabKey;
  byId("turn-range").oninput = (event) => turnTo(+event.target.value);
  byId("turn-number").oninput = (event) => turnTo(parseFloat(event.target.value));
  byId("turn-back").onclick = () => turnTo(0);
  byId("magnify").onchange = refresh;
  addEventListener("resize", pinCost);
}

function start() {
  wire();
  wirePanels();
  wireSketch();
  document.body.dataset.tab = "turn";
  chooseNet(CONTENT.nets[0]);
  byId("app").hidden = false;
  performance.mark("ready");
}

document.addEventListener("DOMContentLoaded", start);
