/* What the page shows now, and every way to change it.

   It knows nothing of the elements that show it: who calls `listen` is called after a change.
*/

import { strongest } from "./arrays.mjs";
import { backward, forward, indexOf, ratios, turned } from "./network.mjs";
import { isSmall, layers } from "./names.mjs";
import { sampleOf } from "./samples.mjs";
import { planOf } from "./plan.mjs";

export const state = {
  shown: null, // the entry of NETS, with its net once it has been read
  x: null,
  y: null,
  pass: null, // what forward gave for x
  back: null, // what backward gave
  weight: { l: 0, k: 0, j: 0 }, // the gear in hand; k is null for a bias
  turn: 0,
  ratio: null, // what ratios gave for the gear in hand
  now: null, // everything computed again, with the gear turned
  plan: null, // of the gears that are drawn
  unit: { l: 0, k: 0 }, // of the Paths
  step: 0, // of the Sweep
  tab: "turn",
};

const listeners = { sample() {}, weight() {}, tab() {}, change() {} };

/* Say what to do after another sample, weight or tab was chosen, and after any change: last. */
export function listen(callbacks) {
  Object.assign(listeners, callbacks);
}

/* Compute what the turn does, and have everything shown again. */
export function refresh() {
  const {
    shown: { net },
    x,
    y,
    turn,
  } = state;
  state.now = turn ? turned(net, x, y, indexInHand(), turn) : { ...state.pass, C: state.back.C };
  listeners.change();
}

/* Return where the weight in hand stands in params. */
export function indexInHand() {
  const { l, k, j } = state.weight;
  return indexOf(state.shown.net, l, k, j);
}

/* Choose a net, one of its samples, and a weight with much to see. */
export function chooseNet(shown, i) {
  const { net } = shown;
  state.shown = shown;
  takeSample(i);
  const last = layers(net) - 1;
  const weight = isSmall(net) ? { l: last, k: 0, j: 0 } : strongestWeight(0);
  state.unit = isSmall(net) ? { l: last, k: 0 } : { l: 1, k: weight.j };
  state.step = 0;
  chooseWeight(weight);
}

/* Choose a sample of the net; of a larger net also the weight with most to see now. */
export function chooseSample(i) {
  takeSample(i);
  chooseWeight(isSmall(state.shown.net) ? state.weight : strongestWeight(state.weight.l));
}

function takeSample(i) {
  const { shown } = state;
  Object.assign(state, sampleOf(shown, i), { turn: 0 });
  state.pass = forward(shown.net, state.x);
  state.back = backward(shown.net, state.pass, state.y);
  listeners.sample();
}

/* Return the weight of a layer whose gradient is the strongest. */
export function strongestWeight(l) {
  const m = state.shown.net.shape[l + 1];
  const i = strongest(state.back.dc_dW[l]);
  return { l, k: Math.floor(i / m), j: i % m };
}

/* Take a weight or a bias in hand. */
export function chooseWeight(weight) {
  const { net } = state.shown;
  state.weight = weight;
  state.turn = 0;
  state.ratio = ratios(net, state.pass, state.back, weight.l, weight.k, weight.j);
  state.plan = planOf(net, weight, state.back);
  listeners.weight();
  refresh();
}

export function turnTo(amount) {
  state.turn = Number.isFinite(amount) ? amount : 0;
  refresh();
}

/* Choose a unit; of a larger net, the train that is drawn becomes one that it is in. */
export function chooseUnit({ l, k }) {
  state.unit = { l, k };
  const { net } = state.shown;
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
  if (name !== "turn") state.turn = 0; // the other panels are about the net as it stands
  listeners.tab();
  refresh();
}
