/* What the page shows now, and every way to change it: one net, one sample, for all panels.

   It knows nothing of the elements that show it: who calls `listen` is called after a change.
*/

import { isOneHot, strongest } from "./arrays.mjs";
import {
  backward,
  forward,
  gradients,
  indexOf,
  netAround,
  optimize,
  ratios,
  turned,
} from "./network.mjs";
import { isSmall, layers } from "./names.mjs";
import { sampleOf } from "./samples.mjs";
import { partsOf, routeOf, standing } from "./machine.mjs";

export const state = {
  shown: null, // the entry of NETS, with its net as it came once it has been read
  scene: null, // the drawing of its machine
  net: null, // a copy of it, which learns
  x: null, // null: a paper with nothing on it
  y: null,
  pass: null, // what forward gave for x
  back: null, // what backward gave
  weight: { l: 0, k: 0, j: 0 }, // the one in hand; k is null for a bias
  turn: 0,
  ratio: null, // what ratios gave for the weight in hand
  now: null, // everything computed again, with the weight turned
  route: [], // the units that are drawn
  parts: [], // what is drawn
  base: {}, // where it stood when the route was chosen
  unit: { l: 0, k: 0 }, // of the Paths
  step: 0, // of the Sweep
  tab: "turn",
  costs: [], // C before the first training step and after each, of this x and y
  learned: 0, // steps since the net came
  past: [], // what to go back to: { params, costs, learned }
  refusal: "", // why no step was taken
  drawn: false, // is x a drawing?
  named: false, // has the reader said what x should be?
  fresh: true, // has the reader done nothing yet?
};

const listeners = { sample() {}, weight() {}, tab() {}, change() {}, net() {} };
const FAR = 1.5; // how far z and the like may lead from where they are drawn from
const MOST = 1e9; // how far a weight can be turned: what follows can still be computed
const PAST = 60; // steps that can be undone, of a small net; of a large one fewer

/* Say what to do after another sample, weight, tab or net, and after any change: last. */
export function listen(callbacks) {
  Object.assign(listeners, callbacks);
}

/* Compute what the turn does, and have everything shown again. */
export function refresh() {
  const { net, pass, y, weight, turn } = state;
  state.now = turn ? turned(net, pass, y, weight, turn) : { ...pass, C: state.back.C };
  listeners.change();
}

/* Return where the weight in hand stands in params. */
export function indexInHand() {
  const { l, k, j } = state.weight;
  return indexOf(state.net, l, k, j);
}

/* Choose a net, one of its samples, and a weight with much to see. */
export function chooseNet(shown, scene, i) {
  Object.assign(state, { shown, scene, learned: 0, past: [], refusal: "" });
  state.net = netAround(shown, shown.net.params);
  listeners.net();
  takeSample(i);
  const { net } = state;
  const last = layers(net) - 1;
  const weight = isSmall(net) ? { l: last, k: 0, j: 0 } : strongestWeight(0);
  state.unit = isSmall(net) ? { l: last, k: 0 } : { l: 1, k: weight.j };
  state.step = 0;
  chooseWeight(weight);
}

/* Choose a sample of the net; of a larger net also the weight with most to see now. */
export function chooseSample(i) {
  takeSample(i);
  chooseWeight(isSmall(state.net) ? state.weight : strongestWeight(state.weight.l));
}

function takeSample(i) {
  Object.assign(state, sampleOf(state.shown, i), { drawn: false, named: false });
  compute();
  state.costs = [state.back.C];
  listeners.sample();
}

/* Go forwards and back once, as everything stands. */
function compute() {
  state.turn = 0;
  state.pass = forward(state.net, state.x);
  state.back = backward(state.net, state.pass, state.y);
}

/* Show the net another input, or the same with another truth. */
export function present(x, y) {
  Object.assign(state, { x, y, refusal: "" });
  compute();
  state.costs = [state.back.C];
  listeners.sample();
  chooseWeight(isSmall(state.net) ? state.weight : strongestWeight(state.weight.l));
}

/* Return the weight of a layer whose gradient is the strongest. */
export function strongestWeight(l) {
  const m = state.net.shape[l + 1];
  const i = strongest(state.back.dc_dW[l]);
  return { l, k: Math.floor(i / m), j: i % m };
}

/* Take a weight or a bias in hand. */
export function chooseWeight(weight) {
  const { net, pass, back, y } = state;
  state.weight = weight;
  state.turn = 0;
  state.ratio = ratios(net, pass, back, weight.l, weight.k, weight.j);
  state.route = routeOf(net, state.scene.whole, weight, back, y);
  state.parts = partsOf(net, state.route);
  state.base = state.scene.whole ? {} : standing(net, state.parts, { ...pass, C: back.C }, y);
  listeners.weight();
  refresh();
}

export function turnTo(amount) {
  state.turn = Math.min(Math.max(amount, -MOST), MOST) || 0;
  touch();
  refresh();
}

/* The reader has done something. */
export function touch() {
  state.fresh = false;
}

/* Choose a unit; of a larger net, what is drawn becomes a path that it is on. */
export function chooseUnit({ l, k }) {
  state.unit = { l, k };
  const { net } = state;
  if (isSmall(net)) return refresh();
  const m = net.shape[1];
  if (l === 0)
    return chooseWeight({ l, k, j: strongest(state.back.dc_dW[0].slice(k * m, k * m + m)) });
  const into = Array.from(
    { length: net.shape[l - 1] },
    (_, n) => state.back.dc_dW[l - 1][n * net.shape[l] + k],
  );
  return chooseWeight({ l: l - 1, k: strongest(into), j: k });
}

export function chooseStep(step) {
  state.step = step;
  refresh();
}

export function chooseTab(name) {
  state.tab = name;
  touch();
  if (name !== "turn") state.turn = 0; // the other panels are about the net as it stands
  listeners.tab();
  refresh();
}

// --- learning -----------------------------------------------------------------------------------

/* Take training steps on x and y; say why, where none can be taken. */
export function learn(steps, lr) {
  touch();
  state.refusal = lr >= 0 ? "" : "the learning rate must be a number, 0 or more.";
  remember();
  for (let i = 0; i < steps && !state.refusal; i++) takeStep(lr);
  after();
}

/* Take a step, and go back from it if it leads to numbers that are not finite. */
function takeStep(lr) {
  const { net } = state;
  const before = net.params.slice();
  optimize(net, gradients(state.back), lr);
  compute();
  const { pass, back } = state;
  const all = [[back.C], net.params, ...pass.z, ...pass.a, back.dc_dx, ...back.dc_dz, gradients(back)];
  if (all.every((numbers) => numbers.every(Number.isFinite))) {
    state.costs.push(state.back.C);
    state.learned += 1;
    return;
  }
  net.params.set(before);
  compute();
  state.refusal = "it would lead to numbers too large to compute with.";
}

function remember() {
  const { net, costs, learned, past } = state;
  past.push({ params: net.params.slice(), costs: costs.slice(), learned });
  if (past.length > Math.max(3, Math.min(PAST, 2e6 / net.params.length))) past.shift();
}

/* The net is another one now, at the same sample: the weight in hand stays in hand. */
function after() {
  const { net, pass, back, weight, y } = state;
  state.ratio = ratios(net, pass, back, weight.l, weight.k, weight.j);
  const stands = standing(net, state.parts, { ...pass, C: back.C }, y);
  // What is drawn relatively starts anew.
  if (!state.scene.whole && farthest(stands) > FAR) state.base = stands;
  refresh();
}

const farthest = (at) =>
  Math.max(
    ...Object.keys(at)
      .filter((name) => /^[zbr]\./.test(name))
      .map((name) => Math.abs(at[name] - state.base[name])),
  );

/* Go back: the turn first, then what was learned last. */
export function undo() {
  if (state.turn) return turnTo(0);
  const before = state.past.pop();
  if (!before) return undefined;
  state.net.params.set(before.params);
  Object.assign(state, { costs: before.costs, learned: before.learned, refusal: "" });
  compute();
  return after();
}

/* Let the weight stay where it has been turned to. */
export function keepTurn() {
  if (!state.turn) return;
  remember();
  state.net.params[indexInHand()] += state.turn;
  compute();
  state.costs = [state.back.C];
  after();
}

/* Take the net as it came: nothing is learned. */
export function forget() {
  Object.assign(state, { learned: 0, past: [], refusal: "" });
  state.net.params.set(state.shown.net.params);
  compute();
  state.costs = [state.back.C];
  after();
}

/* Learn with another cost. */
export function chooseCost(cost) {
  state.net.cost = cost;
  Object.assign(state, { refusal: "", past: [], step: 0 });
  compute();
  state.costs = [state.back.C];
  listeners.net();
  after();
}

/* Return the costs that the outputs of this net go with here. */
export function costsOf({ activations, cost }) {
  const output = activations[activations.length - 1];
  const both = output === "softmax" || (output === "sigmoid" && cost !== "squared-error");
  return both ? ["half-squared-error", "cross-entropy"] : [cost];
}

/* Is the truth a class, which cross-entropy and a list of classes are about? */
export const isClass = (y) => y.length > 1 && isOneHot(y);
