/* The panel Draw & learn: what the net makes of a digit of your own, and training on it.

   What is drawn and what is learned here is what all panels show: there is one net.
*/

import { clampedIndex, indexOfGreatest, strongest } from "./arrays.mjs";
import { forward } from "./network.mjs";
import { prepare } from "./prepare.mjs";
import { integer, short, signed } from "./format.mjs";
import { isSmall, layers, unitName } from "./names.mjs";
import { byId, change, make, number } from "./dom.mjs";
import {
  chooseCost,
  chooseSample,
  costsOf,
  forget,
  isClass,
  learn,
  present,
  state,
  undo,
} from "./state.mjs";
import { paintGrey, showCurve, showHeat, showOutputs } from "./charts.mjs";
import { clearPaper, drawing, wirePen } from "./pen.mjs";
import { play, stop } from "./player.mjs";
import { className } from "./samples.mjs";
import { rateNow } from "./sweep.mjs";

const FLAT = 0.05; // an output with less slope than this hardly feels a squared error
const PAUSE = 220; // milliseconds between two training steps that are played

export const sketch = {
  blank: false, // is there nothing to be seen on the paper?
  seen: "", // what the paper's hint says
  target: null, // the class that is given with the sample
};

function isDrawable({ size, shape }) {
  return Boolean(size) && size[0] === size[1] && size[0] * size[1] === shape[0];
}

/* A net has been chosen, or another cost: offer its classes and its costs. */
export function openSketch() {
  const { shown, net } = state;
  byId("drawing").hidden = !isDrawable(shown);
  byId("seen-card").hidden = byId("hatched").hidden = !shown.size;
  const m = shown.shape[layers(net)];
  byId("draw-intro").textContent = isDrawable(shown)
    ? `Draw${m === 10 ? " a digit" : ""}, or choose an image above. Say what it should be, ` +
      "take a training step, and watch the load sink. Then turn, or sweep, what you drew."
    : "Take a training step and watch the load sink. " +
      "All cranks give way at once, each to its own pull.";
  byId("target").replaceChildren(
    ...Array.from({ length: m }, (_, j) => make("option", { value: j }, className(shown, j))),
  );
  const { y } = state;
  if (y?.length === m && isClass(y)) byId("target").value = y.indexOf(1); // with another cost
  const costs = costsOf(shown);
  const names = { "half-squared-error": "squared error", "squared-error": "squared error" };
  byId("cost-choice").replaceChildren(
    ...costs.map((cost) => make("option", { value: cost }, names[cost] ?? cost)),
  );
  byId("cost-choice").value = net.cost;
  byId("cost-row").hidden = costs.length < 2;
  Object.assign(byId("hidden-unit"), { min: first(), max: shown.shape[1] - 1 + first() });
  byId("hidden-label").textContent = isSmall(net) ? `into ${unitName(net, 1, 0)[0]}` : "into unit";
}

/* The number of the first unit: those of a small net are h1, h2. */
const first = () => (isSmall(state.net) ? 1 : 0);

/* Another net: a clean paper, its learning rate, the unit with most to see. */
export function cleanSketch() {
  const { shown } = state;
  byId("lr").value = shown.lr;
  byId("lr").removeAttribute("aria-invalid");
  clearPaper();
  sketch.blank = false;
  byId("hidden-unit").value = isSmall(state.net) ? 1 : strongest(state.back.dc_dz[0]);
}

/* Show the sample that is chosen above, or the drawing. */
export function sketchSample() {
  const { y, drawn } = state;
  byId("target-row").hidden = !isClass(y);
  if (isClass(y)) byId("target").value = y.indexOf(1);
  if (drawn) return;
  byId("target-note").textContent = state.named ? stillNamed() : "";
  sketch.blank = false;
  byId("seen-hint").textContent = state.shown.size ? "the chosen image" : "";
}

function onLearn(steps) {
  const { valueAsNumber } = byId("lr"); // NaN if there is none
  byId("lr").setAttribute("aria-invalid", !(valueAsNumber >= 0));
  if (!sketch.blank) learn(steps, valueAsNumber);
  else refreshSketch();
}

/* What the reader has chosen stays until another is chosen, or another sample: that is said. */
const stillNamed = () =>
  `Still ${className(state.shown, byId("target").value)}, as you chose.`;

function onTarget() {
  state.named = true;
  if (!sketch.blank) present(state.x, chosenTarget());
  byId("target-note").textContent = "";
}

const chosenTarget = () => Float64Array.from(state.y, (_, j) => +(j === +byId("target").value));

export function refreshSketch() {
  const { net, x, y, back, costs, pass } = state;
  const { size } = state.shown;
  if (size) paintGrey(byId("seen"), sketch.blank ? null : x, size);
  describeLearning();
  byId("why").textContent = sketch.blank ? "" : whyItStands();
  showCurve(sketch.blank ? [] : costs);
  if (sketch.blank) {
    byId("outputs-cap").textContent = "Outputs: none, for it sees nothing";
    for (const id of ["outputs", "heat-w", "heat-x"]) byId(id).replaceChildren();
    return;
  }
  showOutputs(state.shown, net, pass.a[layers(net)], y);
  const [n, m] = net.shape;
  const unit = clampedIndex(byId("hidden-unit").value - first(), m);
  showHeat(
    "heat-w",
    net,
    Float64Array.from({ length: n }, (_, k) => back.dc_dW[0][k * m + unit]),
    size,
    `dC/dW into ${unitName(net, 1, unit)}`,
  );
  showHeat("heat-x", net, back.dc_dx, size, "dC/dx");
}

/* Why an output moves, or does not: how steep its cam is, and that of the cost. */
function whyItStands() {
  const { net, pass, back, y } = state;
  const last = layers(net);
  if (!["sigmoid", "softmax"].includes(net.activations[last - 1])) return "";
  const a = pass.a[last];
  const errors = Array.from(a, (v, j) => Math.abs(v - y[j]));
  const j = isClass(y) ? y.indexOf(1) : indexOfGreatest(errors);
  const name = unitName(net, last, j);
  const Name = isSmall(net) ? `Output ${name}` : name[0].toUpperCase() + name.slice(1);
  const slope = a[j] * (1 - a[j]);
  const felt = signed(back.dc_dz[last - 1][j], 3);
  const at = `${Name} is at ${a[j].toFixed(4)}, and ${short(y[j])} is right.`;
  if (errors[j] < 0.1) return "";
  if (net.cost === "cross-entropy")
    return `${at} Its slope is ${slope.toFixed(4)}, but the cost is as much steeper: dC/dz is ${felt}.`;
  if (slope < FLAT)
    return `${at} Its slope is ${slope.toFixed(4)}: it hardly feels C (dC/dz is ${felt}). Cross-entropy is the cure.`;
  return `${at} Its slope is ${slope.toFixed(4)}: it feels C (dC/dz is ${felt}).`;
}

/* In words: C, how many steps the net has learned, and what those on this x and y have changed. */
function describeLearning() {
  const { back, costs, learned, refusal } = state;
  const said = refusal ? [make("strong", {}, `No step taken: ${refusal}`), " "] : [];
  for (const id of ["learn", "learn-ten", "learn-play"])
    byId(id).setAttribute("aria-disabled", sketch.blank);
  if (sketch.blank)
    return byId("learn-said").replaceChildren(...said, "There is nothing to learn from.");
  const steps = costs.length - 1;
  const what = state.shown.size ? "picture" : "sample";
  const here = `, ${integer(steps)} of them on this ${what} and target`;
  said.push(
    "C = ",
    number(back.C),
    ` after ${integer(learned)} training step${learned === 1 ? "" : "s"}`,
    steps < learned ? here : "",
    ...(steps ? [steps < learned ? ": " : ", ", change(back.C - costs[0]), " in all."] : ["."]),
  );
  if (steps < learned) said.push(" Reset takes the net as it came.");
  if (steps && !byId("lr").valueAsNumber && !refusal)
    said.push(" At a learning rate of 0 nothing moves.");
  else if (back.C > costs[steps - 1])
    said.push(" It rose: too large a step for the ratios to be true all the way.");
  return byId("learn-said").replaceChildren(...said);
}

/* Prepare the drawing as `simplenet predict` would, and show it to the net.

   What it should be is what the reader has chosen, and until then what the net reads: a step must
   not teach it a class that nobody has chosen.
*/
function readDrawing() {
  stop();
  const { data, width, height } = drawing();
  const pixels = prepare(data, width, height, state.shown.size[0]);
  if (state.named && !state.drawn) byId("target-note").textContent = stillNamed();
  state.drawn = true;
  sketch.blank = !pixels;
  if (!pixels) {
    byId("target-note").textContent = "";
    byId("seen-hint").textContent =
      "no strokes to be seen: it takes dark ones, with white paper around them";
    return refreshSketch();
  }
  byId("seen-hint").textContent =
    "your drawing, prepared as simplenet predict does it: cropped, scaled, centred";
  const x = Float64Array.from(pixels, (v) => v / 255);
  if (byId("target-row").hidden) return present(x, state.y);
  if (!state.named) {
    byId("target").value = indexOfGreatest(forward(state.net, x).a[layers(state.net)]);
    byId("target-note").textContent =
      "That is what the net reads. Did you mean another? Choose it.";
  }
  return present(x, chosenTarget());
}

/* Take up the chosen image again; what it should be stays, if the reader has said it. */
function dropDrawing() {
  stop();
  const { named } = state;
  const target = chosenTarget();
  chooseSample(+byId("sample").value);
  if (!named) return;
  state.named = true;
  present(state.x, target);
}

export function wireSketch() {
  wirePen({ drawn: readDrawing, cleared: dropDrawing });
  byId("target").onchange = onTarget;
  byId("cost-choice").onchange = ({ target }) => chooseCost(target.value);
  const by = (action) => () => {
    stop();
    action();
  };
  byId("learn").onclick = by(() => onLearn(1));
  byId("learn-ten").onclick = by(() => onLearn(10));
  byId("learn-play").onclick = () =>
    play("learn-play", PAUSE, () => {
      onLearn(1);
      return !state.refusal && !sketch.blank && state.tab === "draw";
    });
  byId("undo").onclick = by(undo);
  byId("forget").onclick = by(forget);
  byId("take-step").onclick = by(() => learn(1, rateNow()));
  byId("hidden-unit").oninput = refreshSketch;
  byId("hidden-unit").onchange = ({ target }) => {
    target.value = clampedIndex(target.value - first(), state.shown.shape[1]) + first();
  };
  byId("lr").oninput = () => {
    state.refusal = "";
    byId("lr").removeAttribute("aria-invalid");
    describeLearning();
  };
}
