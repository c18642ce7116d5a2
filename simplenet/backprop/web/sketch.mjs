/* The panel Draw & learn: what a net makes of a digit of your own, and training on it.

   It has a copy of the net, so that what is learned here changes nothing elsewhere.
*/

import { clampedIndex, indexOfGreatest, isOneHot, strongest } from "./arrays.mjs";
import { backward, forward, gradients, netAround, optimize } from "./network.mjs";
import { prepare } from "./prepare.mjs";
import { integer } from "./format.mjs";
import { isSmall, layers } from "./names.mjs";
import { byId, change, make, number } from "./dom.mjs";
import { state } from "./state.mjs";
import { paintGrey, showCurve, showHeat, showOutputs } from "./charts.mjs";
import { clearPaper, drawing, wirePen } from "./pen.mjs";

export const sketch = {
  net: null, // a copy, which learns
  x: null,
  y: null,
  pass: null,
  back: null,
  costs: [], // C before the first step and after each, of this x and y
  learned: 0, // steps since the net was copied
  refusal: "", // why no step was taken
  drawn: false, // is x a drawing?
  named: false, // has the reader said what the drawing should be?
};

function isDrawable({ size, shape }) {
  return Boolean(size) && size[0] === size[1] && size[0] * size[1] === shape[0];
}

/* A net has been chosen: copy it, offer its classes, and start from the sample at hand. */
export function openSketch() {
  const { shown } = state;
  sketch.net = netAround(shown, shown.net.params);
  sketch.learned = 0;
  byId("drawing").hidden = !isDrawable(shown);
  byId("seen-card").hidden = byId("hatched").hidden = !shown.size;
  byId("draw-title").textContent = isDrawable(shown) ? "Draw, and let it learn" : "Let it learn";
  const m = shown.shape[layers(shown.net)];
  byId("draw-intro").textContent = isDrawable(shown)
    ? `Draw${m === 10 ? " a digit" : ""}, or choose an image above. Say what it should be, ` +
      "take a training step, and watch C fall. Notice where C feels each pixel."
    : "Take a training step and watch C fall. " +
      "All parameters move at once, each against its own gradient.";
  byId("target").replaceChildren(
    ...Array.from({ length: m }, (_, j) => make("option", { value: j }, String(j))),
  );
  byId("hidden-unit").max = shown.shape[1] - 1;
  byId("hidden-unit").value = 0;
  byId("lr").value = shown.lr;
  byId("lr").removeAttribute("aria-invalid");
  clearPaper();
  sketchSample();
  if (!isSmall(shown.net)) byId("hidden-unit").value = strongest(sketch.back.dc_dz[0]);
  refreshSketch();
}

/* Show the net the sample that is chosen above. */
export function sketchSample() {
  const { x, y } = state;
  byId("target-row").hidden = y.length < 2 || !isOneHot(y);
  if (isOneHot(y)) byId("target").value = y.indexOf(1);
  byId("target-note").textContent = "";
  byId("seen-hint").textContent = state.shown.size ? "the chosen image" : "";
  sketch.drawn = false;
  showSketch(x, y);
}

/* Show the net an input, or nothing: null. */
function showSketch(x, y) {
  Object.assign(sketch, { x, y, costs: [], refusal: "" });
  if (x) {
    passSketch();
    sketch.costs = [sketch.back.C];
  }
  refreshSketch();
}

function passSketch() {
  sketch.pass = forward(sketch.net, sketch.x);
  sketch.back = backward(sketch.net, sketch.pass, sketch.y);
}

/* Take training steps, unless the learning rate is none. */
function learn(steps) {
  const lr = byId("lr").valueAsNumber; // NaN if there is none
  const wrong = !(lr >= 0);
  byId("lr").setAttribute("aria-invalid", wrong);
  sketch.refusal = wrong ? "the learning rate must be a number, 0 or more." : "";
  for (let i = 0; i < steps && sketch.x && !sketch.refusal; i++) takeStep(lr);
  refreshSketch();
}

/* Take a step, and go back from it if it leads to numbers that are not finite. */
function takeStep(lr) {
  const before = sketch.net.params.slice();
  optimize(sketch.net, gradients(sketch.back), lr);
  passSketch();
  if (Number.isFinite(sketch.back.C) && gradients(sketch.back).every(Number.isFinite)) {
    sketch.costs.push(sketch.back.C);
    sketch.learned += 1;
    return;
  }
  sketch.net.params.set(before);
  passSketch();
  sketch.refusal = "it would lead to numbers too large to compute with.";
}

/* Copy the net anew: nothing is learned. */
function reset() {
  sketch.learned = 0;
  sketch.net = netAround(state.shown, state.shown.net.params);
  showSketch(sketch.x, sketch.y);
}

function onTarget() {
  sketch.named = true;
  byId("target-note").textContent = "";
  showSketch(sketch.x, chosenTarget());
}

const chosenTarget = () => Float64Array.from(state.y, (_, j) => +(j === +byId("target").value));

function refreshSketch() {
  const { net, x, back, costs } = sketch;
  const { size } = state.shown;
  if (size) paintGrey(byId("seen"), x, size);
  describeLearning();
  showCurve(costs);
  if (!x) {
    byId("outputs-cap").textContent = "Outputs: none, for it sees nothing";
    for (const id of ["outputs", "heat-w", "heat-x"]) byId(id).replaceChildren();
    return;
  }
  showOutputs(net, sketch.pass.a[layers(net)], sketch.y);
  const [n, m] = net.shape;
  const unit = clampedIndex(byId("hidden-unit").value, m);
  showHeat(
    "heat-w",
    net,
    Float64Array.from({ length: n }, (_, k) => back.dc_dW[0][k * m + unit]),
    size,
    `dC/dW into unit ${unit}`,
  );
  showHeat("heat-x", net, back.dc_dx, size, "dC/dx");
}

/* In words: C, how many steps the net has learned, and what those on this x and y have changed. */
function describeLearning() {
  const { x, back, costs, learned, refusal } = sketch;
  const said = refusal ? [make("strong", {}, `No step taken: ${refusal}`), " "] : [];
  for (const id of ["learn", "learn-ten"]) byId(id).setAttribute("aria-disabled", !x);
  if (!x) return byId("learn-said").replaceChildren(...said, "There is nothing to learn from.");
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
  if (steps && !byId("lr").valueAsNumber && !refusal)
    said.push(" At a learning rate of 0 nothing moves.");
  else if (back.C > costs[steps - 1])
    said.push(" It rose: too large a step for the ratios to be true all the way.");
  return byId("learn-said").replaceChildren(...said);
}

/* Prepare the drawing as `simplenet predict` would, and show it to the net.

   What it should be is at first what the net reads: a step must not teach it a class that nobody
   has chosen for this drawing.
*/
function readDrawing() {
  const { data, width, height } = drawing();
  const pixels = prepare(data, width, height, state.shown.size[0]);
  if (!sketch.drawn) Object.assign(sketch, { drawn: true, named: false });
  if (!pixels) {
    byId("target-note").textContent = "";
    byId("seen-hint").textContent =
      "no strokes to be seen: it takes dark ones, with white paper around them";
    return showSketch(null, sketch.y);
  }
  byId("seen-hint").textContent =
    "your drawing, prepared as simplenet predict does it: cropped, scaled, centred";
  const x = Float64Array.from(pixels, (v) => v / 255);
  if (byId("target-row").hidden) return showSketch(x, state.y);
  if (!sketch.named) {
    byId("target").value = indexOfGreatest(forward(sketch.net, x).a[layers(sketch.net)]);
    byId("target-note").textContent =
      "That is what the net reads. Did you mean another? Choose it.";
  }
  return showSketch(x, chosenTarget());
}

export function wireSketch() {
  wirePen({ drawn: readDrawing, cleared: sketchSample });
  byId("target").onchange = onTarget;
  byId("learn").onclick = () => learn(1);
  byId("learn-ten").onclick = () => learn(10);
  byId("forget").onclick = reset;
  byId("hidden-unit").oninput = refreshSketch;
  byId("hidden-unit").onchange = ({ target }) => {
    target.value = clampedIndex(target.value, state.shown.shape[1]);
  };
  byId("lr").oninput = () => {
    sketch.refusal = "";
    byId("lr").removeAttribute("aria-invalid");
    describeLearning();
  };
}
