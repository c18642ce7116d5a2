/* The network of simplenet/net.py once more, for one sample at a time, in float64.

   Names are those of the Python: a[0] is the input x, W[l] and b[l] lead from layer l to the next,
   and z[l], slope[l], dc_dz[l] belong to what they lead to, a[l + 1]. W[l] is a matrix of
   (shape[l], shape[l + 1]), stored row by row: weight (k, j) leads from unit k to unit j and
   stands at W[l][k * shape[l + 1] + j]. Tests run it in Node against numbers from the Python.
*/

import { sum } from "./arrays.mjs";

// --- the functions a network is built from ------------------------------------------------------

const LEAK = 0.01; // how steep leaky ReLU is on the left
export const EPSILON = Number.EPSILON;
export const TINY = 2.2250738585072014e-308; // the smallest normal float64

/* An activation turns all z of a layer into its a; its slope da/dz is a function of that a. */
export const ACTIVATIONS = {
  sigmoid: {
    value: (z) => z.map((v) => 1 / (1 + Math.exp(-v))),
    slope: (a) => a.map((v) => v * (1 - v)),
  },
  tanh: { value: (z) => z.map(Math.tanh), slope: (a) => a.map((v) => 1 - v * v) },
  relu: { value: (z) => z.map((v) => Math.max(v, 0)), slope: (a) => a.map((v) => +(v > 0)) },
  "leaky-relu": {
    value: (z) => z.map((v) => Math.max(v, LEAK * v)),
    slope: (a) => a.map((v) => (v > 0 ? 1 : LEAK)),
  },
  identity: { value: (z) => z.slice(), slope: (a) => a.map(() => 1) },
  softmax: {
    value(z) {
      const top = Math.max(...z);
      const e = z.map((v) => Math.exp(v - top));
      const total = sum(e);
      return e.map((v) => v / total);
    },
    slope: null, // a unit's a depends on the z of all: its cost goes back to z in one step
  },
};

const difference = (a, y) => a.map((v, j) => v - y[j]);
const squares = (a, y) => sum(difference(a, y).map((v) => v * v));

/* A cost says how wrong a is, given the truth y. Its slope is dC/da, or dC/dz where it is `atZ`. */
const HALF_SQUARED_ERROR = { value: (a, y) => squares(a, y) / 2, slope: difference };
const SQUARED_ERROR = { value: squares, slope: (a, y) => difference(a, y).map((v) => 2 * v) };
const BINARY_CROSS_ENTROPY = {
  value(a, y) {
    const held = a.map((v) => Math.min(Math.max(v, EPSILON), 1 - EPSILON));
    return -sum(held.map((v, j) => y[j] * Math.log(v) + (1 - y[j]) * Math.log1p(-v)));
  },
  slope: difference,
  atZ: true,
};
const CROSS_ENTROPY = {
  value: (a, y) => -sum(a.map((v, j) => y[j] * Math.log(Math.max(v, TINY)))),
  slope: difference,
  atZ: true,
};

/* Half the squared error of a softmax, back to z: each a depends on every z. The page alone has it,
   to show what cross-entropy is there for. */
const JOINT_SQUARED_ERROR = {
  value: HALF_SQUARED_ERROR.value,
  slope(a, y) {
    const errors = difference(a, y);
    const mean = sum(errors.map((v, j) => v * a[j]));
    return a.map((v, j) => v * (errors[j] - mean));
  },
  atZ: true,
};

export function costOf(net) {
  const output = net.activations[net.activations.length - 1];
  if (output === "softmax" && net.cost === "half-squared-error") return JOINT_SQUARED_ERROR;
  if (net.cost === "cross-entropy") {
    return output === "softmax" ? CROSS_ENTROPY : BINARY_CROSS_ENTROPY;
  }
  return net.cost === "squared-error" ? SQUARED_ERROR : HALF_SQUARED_ERROR;
}

// --- the network --------------------------------------------------------------------------------

/* Return a net whose parameters are this vector: first weights, then biases; W and b are views. */
export function netAround({ shape, activations, cost }, params) {
  const own = params instanceof Float64Array ? params.slice() : Float64Array.from(params);
  const net = { shape, activations, cost, params: own, W: [], b: [] };
  let at = 0;
  const view = (size) => net.params.subarray(at, (at += size));
  for (let l = 0; l + 1 < shape.length; l++) net.W.push(view(shape[l] * shape[l + 1]));
  for (let l = 0; l + 1 < shape.length; l++) net.b.push(view(shape[l + 1]));
  return net;
}

/* Where weight (k, j) of layer l stands in params; with k === null, bias j. */
export function indexOf(net, l, k, j) {
  const view = k === null ? net.b[l] : net.W[l];
  return view.byteOffset / 8 + (k === null ? j : k * net.shape[l + 1] + j);
}

/* Predict: give every z and every a. */
export function forward(net, x) {
  const a = [Float64Array.from(x)];
  const z = [];
  for (let l = 0; l < net.W.length; l++) {
    z[l] = weightedInputs(net, a[l], l);
    a[l + 1] = ACTIVATIONS[net.activations[l]].value(z[l]);
  }
  return { z, a };
}

/* Return z of a layer, from the activations that lead there. */
function weightedInputs(net, a, l) {
  const z = net.b[l].slice();
  const m = z.length;
  const W = net.W[l];
  for (let k = 0; k < a.length; k++) {
    const from = a[k];
    for (let j = 0; j < m; j++) z[j] += from * W[k * m + j];
  }
  return z;
}

/* Return z of one unit: the same sum in the same order. */
function weightedInput(net, a, l, j) {
  const m = net.shape[l + 1];
  let z = net.b[l][j];
  for (let k = 0; k < a.length; k++) z += a[k] * net.W[l][k * m + j];
  return z;
}

/* Learn: give C, and its gradient with regard to everything that `forward` went through. */
export function backward(net, { a }, y) {
  const cost = costOf(net);
  const last = net.W.length - 1;
  const back = {
    C: cost.value(a[last + 1], y),
    dc_da: [],
    slope: [],
    dc_dz: [],
    dc_dW: [],
    dc_db: [],
  };
  let dc_da = cost.slope(a[last + 1], y);
  for (let l = last; l >= 0; l--) {
    const m = net.shape[l + 1];
    if (cost.atZ && l === last) {
      back.dc_da[l] = back.slope[l] = null; // the two ratios in one: see the Python
      back.dc_dz[l] = dc_da;
    } else {
      back.dc_da[l] = dc_da;
      back.slope[l] = ACTIVATIONS[net.activations[l]].slope(a[l + 1]);
      back.dc_dz[l] = dc_da.map((v, j) => v * back.slope[l][j]); // one to one: no sum
    }
    back.dc_dW[l] = net.W[l].map((_, i) => a[l][Math.floor(i / m)] * back.dc_dz[l][i % m]);
    back.dc_db[l] = back.dc_dz[l].slice(); // a bias acts on z at ratio 1
    dc_da = a[l].map((_, k) => sum(paths(net, back, l, k))); // a sum over paths
  }
  back.dc_dx = dc_da;
  return back;
}

/* The signed parts that sum to dC/da of unit k of layer l: one for each unit j that it drives. */
export function paths(net, back, l, k) {
  const m = net.shape[l + 1];
  return Array.from(back.dc_dz[l], (v, j) => net.W[l][k * m + j] * v);
}

/* All gradients as one vector, in the order of params. */
export function gradients(back) {
  return Float64Array.from([...back.dc_dW, ...back.dc_db].flatMap((part) => Array.from(part)));
}

/* Step downhill. */
export function optimize(net, grads, lr) {
  for (let i = 0; i < grads.length; i++) net.params[i] -= lr * grads[i];
}

// --- the gears ----------------------------------------------------------------------------------

/* What a small turn of one parameter does, per unit of turn: the ratio at every z, every a, and C.

   The chain rule run forwards. k === null stands for bias j. At z the ratio is what the parameter
   meshes with: the activation a[l][k], or 1 for a bias. */
export function ratios(net, { a }, back, l, k, j) {
  const dz = net.shape.slice(1).map((size) => new Float64Array(size));
  const da = dz.map((part) => part.slice());
  dz[l][j] = k === null ? 1 : a[l][k];
  for (let i = l; i < net.W.length; i++) {
    const m = net.shape[i + 1];
    if (i > l) {
      for (let n = 0; n < net.shape[i]; n++) {
        for (let o = 0; o < m; o++) dz[i][o] += da[i - 1][n] * net.W[i][n * m + o];
      }
    }
    const { slope } = ACTIVATIONS[net.activations[i]];
    if (slope) {
      const s = slope(a[i + 1]);
      da[i] = dz[i].map((v, o) => v * s[o]);
    } else {
      const mean = sum(dz[i].map((v, o) => v * a[i + 1][o]));
      da[i] = dz[i].map((v, o) => a[i + 1][o] * (v - mean)); // softmax: the units share one sum
    }
  }
  const last = net.W.length - 1;
  const [dc, turns] = back.dc_da[last]
    ? [back.dc_da[last], da[last]]
    : [back.dc_dz[last], dz[last]];
  return { dz, da, dC: sum(turns.map((v, o) => v * dc[o])) };
}

/* Turn one parameter by an amount and compute again what that changes: what really happens.

   `pass` is what forward gave before. The unit that the parameter belongs to is computed anew, and
   all layers after its own: bit by bit what a forward pass of the whole net gives. */
export function turned(net, pass, y, { l, k, j }, amount) {
  return withTurn(net, { l, k, j }, amount, () => {
    const z = pass.z.slice();
    const a = pass.a.slice();
    z[l] = z[l].slice();
    z[l][j] = weightedInput(net, a[l], l, j);
    a[l + 1] = ACTIVATIONS[net.activations[l]].value(z[l]);
    for (let i = l + 1; i < net.W.length; i++) {
      z[i] = weightedInputs(net, a[i], i);
      a[i + 1] = ACTIVATIONS[net.activations[i]].value(z[i]);
    }
    return { z, a, C: costOf(net).value(a[a.length - 1], y) };
  });
}

/* Return what `compute` gives while a parameter is turned; it is as it was before, then. */
export function withTurn(net, { l, k, j }, amount, compute) {
  const index = indexOf(net, l, k, j);
  const before = net.params[index];
  net.params[index] += amount;
  try {
    return compute();
  } finally {
    net.params[index] = before;
  }
}
