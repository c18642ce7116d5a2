/* The steps of the Sweep: what each one says, and which lines of the source it is about. */

import { layerName, layers, weightsName } from "./names.mjs";

const COST_TEXT = {
  "half-squared-error": ["C = ½ Σ (A₋₁ − Y)²", "dC/dA₋₁ = A₋₁ − Y"],
  "squared-error": ["C = Σ (A₋₁ − Y)²", "dC/dA₋₁ = 2 (A₋₁ − Y)"],
};

/* Return every step: its title, equation, layer, kind and the marks of the source lines. */
export function stepsOf(net) {
  const steps = [];
  const add = (kind, l, title, equation, ...marks) =>
    steps.push({ kind, l, title, equation, marks });
  const last = layers(net) - 1;
  const name = (l, letter) => weightsName(net, l, letter);
  for (let l = 0; l <= last; l++) {
    add(
      "z",
      l,
      `Forwards: the weighted input ${name(l, "Z")}`,
      `${name(l, "Z")} = ${layerName(net, l)} · ${name(l)} + ${name(l, "B")}`,
      "z",
    );
    add(
      "a",
      l,
      `Forwards: the activation ${name(l, "A")}`,
      `${name(l, "A")} = ${net.activations[l]}(${name(l, "Z")})`,
      "a",
    );
  }
  const joint = net.activations[last] === "softmax";
  let [cost, slope] = COST_TEXT[net.cost] ?? [
    joint ? "C = −Σ Y ln A₋₁" : "C = −Σ Y ln A₋₁ + (1 − Y) ln(1 − A₋₁)",
  ];
  if (joint) slope = undefined; // every output depends on every z
  add("C", last, "How wrong is it?", cost, "C");
  if (slope) add("dc_da", last, "Backwards: the slope of the cost", slope, "dc_da");
  for (let l = last; l >= 0; l--) {
    if (l === last && !slope)
      add(
        "dc_dz",
        l,
        "Cost and activation in one step: checkpoint",
        net.cost === "cross-entropy" ? "dC/dZ₋₁ = A₋₁ − Y" : "dC/dZ₋₁ = A₋₁ * (E − Σ A₋₁ E), E = A₋₁ − Y",
        "dc_da",
        "dc_dz",
      );
    else {
      add(
        "dc_dz",
        l,
        `Times the slope: checkpoint dC/d${name(l, "Z")}`,
        `dC/d${name(l, "Z")} = dC/d${name(l, "A")} * s′(${name(l, "Z")})`,
        "slope",
        "dc_dz",
      );
    }
    add(
      "dc_dW",
      l,
      `From the checkpoint: the gradient of ${name(l)}`,
      `dC/d${name(l)} = ${layerName(net, l)}ᵀ · dC/d${name(l, "Z")}`,
      "dc_dW",
    );
    add(
      "dc_db",
      l,
      "A band copies: the gradient of the bias",
      `dC/d${name(l, "B")} = dC/d${name(l, "Z")}`,
      "dc_db",
    );
    if (l > 0)
      add(
        "paths",
        l,
        "One layer back: a sum over paths",
        `dC/d${layerName(net, l)} = dC/d${name(l, "Z")} · ${name(l)}ᵀ`,
        "paths",
      );
  }
  add("step", 0, "Where a step downhill would lead, all parameters at once", "W ← W − lr · dC/dW", "step");
  return steps;
}
