/* The network of simplenet/net.py once more, for one sample at a time, in float64.

   Names are those of the Python: a[0] is the input x, W[l] and b[l] lead from layer l to the next,
   and z[l], slope[l], dc_dz[l] belong to what they lead to, a[l + 1]. W[l] is a matrix of
   (shape[l], shape[l + 1]), stored row by row: weight (k, j) leads from unit k to unit j and
   stands at W[l][k * shape[l + 1] + j]. Everything here is a plain function that can be run
   without a page; tests run it in Node against numbers from the Python.
*/
"use strict";

// --- the functions a network is built from --------------------------------------------------------

const LEAK = 0.01; // how steep leaky ReLU is on the left
const EPSILON = Number.EPSILON;
const TINY = 2.2250738585072014e-308; // the smallest normal float64

/* An activation turns all z of a layer into its a; its slope da/dz is a function of that a. */
const ACTIVATIONS = {
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

function costOf(net) {
  const output = net.activations[net.activations.length - 1];
  if (net.cost === "cross-entropy") {
    return output === "softmax" ? CROSS_ENTROPY : BINARY_CROSS_ENTROPY;
  }
  return net.cost === "squared-error" ? SQUARED_ERROR : HALF_SQUARED_ERROR;
}

function sum(values) {
  let total = 0;
  for (const v of values) total += v;
  return total;
}

// --- the network ----------------------------------------------------------------------------------

/* A net whose parameters are this vector: first every weight, then every bias; W and b are views. */
function netAround({ shape, activations, cost }, params) {
  const net = { shape, activations, cost, params: Float64Array.from(params), W: [], b: [] };
  let at = 0;
  const view = (size) => net.params.subarray(at, (at += size));
  for (let l = 0; l + 1 < shape.length; l++) net.W.push(view(shape[l] * shape[l + 1]));
  for (let l = 0; l + 1 < shape.length; l++) net.b.push(view(shape[l + 1]));
  return net;
}

/* Where weight (k, j) of layer l stands in params; with k === null, bias j. */
function indexOf(net, l, k, j) {
  const view = k === null ? net.b[l] : net.W[l];
  return view.byteOffset / 8 + (k === null ? j : k * net.shape[l + 1] + j);
}

/* Predict: give every z and every a. */
function forward(net, x) {
  const a = [Float64Array.from(x)];
  const z = [];
  for (let l = 0; l < net.W.length; l++) {
    const m = net.shape[l + 1];
    z[l] = net.b[l].slice();
    for (let k = 0; k < net.shape[l]; k++) {
      for (let j = 0; j < m; j++) z[l][j] += a[l][k] * net.W[l][k * m + j];
    }
    a[l + 1] = ACTIVATIONS[net.activations[l]].value(z[l]);
  }
  return { z, a };
}

/* Learn: give C, and its gradient with regard to everything that `forward` went through. */
function backward(net, { a }, y) {
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
function paths(net, back, l, k) {
  const m = net.shape[l + 1];
  return Array.from(back.dc_dz[l], (v, j) => net.W[l][k * m + j] * v);
}

/* All gradients as one vector, in the order of params. */
function gradients(back) {
  return Float64Array.from([...back.dc_dW, ...back.dc_db].flatMap((part) => Array.from(part)));
}

/* Step downhill. */
function optimize(net, grads, lr) {
  for (let i = 0; i < grads.length; i++) net.params[i] -= lr * grads[i];
}

// --- gears ----------------------------------------------------------------------------------------

/* What a small turn of one parameter does, per unit of turn: the ratio at every z, every a, and C.

   The chain rule run forwards. k === null stands for bias j. At z the ratio is what the parameter
   meshes with: the activation a[l][k], or 1 for a bias. */
function ratios(net, { a }, back, l, k, j) {
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

/* Turn one parameter by an amount and compute everything again: what really happens. */
function turned(net, x, y, index, amount) {
  const other = netAround(net, net.params);
  other.params[index] += amount;
  const pass = forward(other, x);
  return { ...pass, C: costOf(other).value(pass.a[pass.a.length - 1], y) };
}

// --- numbers as they are stored in the page ---------------------------------------------------------

/* Read little-endian numbers of 2, 4 or 8 bytes, or bytes, from base64; give a Float64Array. */
function decode(base64, format) {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const data = new DataView(bytes.buffer);
  const [size, read] = {
    uint8: [1, (at) => data.getUint8(at)],
    float16: [2, (at) => half(data.getUint16(at, true))],
    float32: [4, (at) => data.getFloat32(at, true)],
    float64: [8, (at) => data.getFloat64(at, true)],
  }[format];
  return Float64Array.from({ length: bytes.length / size }, (_, i) => read(i * size));
}

/* A float16 is a sign, 5 bits of exponent and 10 of fraction (IEEE 754); ours are all finite. */
function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction) : 2 ** -14 * fraction);
}

// --- the preparation of a picture: simplenet/pictures/prepare.py once more --------------------------

/* Whole numbers only, none above 2**53, so that every pixel is that of the Python; the names, the
   steps and their reasons are those there. An image is { pixels, rows, columns }, row by row. */

const WORK = 168; // pixels of the longer side, to which a larger picture is reduced: 6 times 28
const REACH = 5; // the paper is what is light as far as this part of the longer side, to all sides
const BLANK = 24; // of 255: in a picture with less contrast than this, nothing is drawn
const FAINT = 4; // what is fainter than this part of the strongest ink is paper
const EDGE = 2; // a piece cut by the edge has more than so many times the ink of one inside
const SPECK = 8; // what has less ink than this part of the largest piece is dirt
const WHITE = 6; // this part of a digit's pixels are to be white
const STRONGER = 3; // and may be made at most so many times as light for it

/* Turn a picture, RGBA as canvases have it, into what a net sees: bytes (side, side), light on dark.

   Give null for a picture in which nothing is drawn. */
function prepare(rgba, width, height, side = 28) {
  let picture = inked(rgba, height, width);
  if (Math.max(height, width) > WORK) picture = area(picture, ...fitted(height, width, WORK));
  const ink = withoutBackground(lightOnDark(picture));
  if (greatest(ink.pixels) < BLANK) return null;
  const digit = cropped(withoutDirt(contrasted(ink)));
  const box = Math.max(Math.floor((20 * side + 14) / 28), 1); // as 20 is to 28
  const small = area(digit, ...fitted(digit.rows, digit.columns, box));
  return centred(strengthened(small), side).pixels;
}

/* Lay the picture on white paper, and give how light it is. */
function grey(rgba, rows, columns) {
  const pixels = new Uint8Array(rows * columns);
  for (let i = 0, at = 0; i < pixels.length; i++, at += 4) {
    const alpha = rgba[at + 3];
    const white = 255 * (255 - alpha) + 127;
    const r = Math.floor((rgba[at] * alpha + white) / 255);
    const g = Math.floor((rgba[at + 1] * alpha + white) / 255);
    const b = Math.floor((rgba[at + 2] * alpha + white) / 255);
    pixels[i] = Math.floor((299 * r + 587 * g + 114 * b + 500) / 1000);
  }
  return { pixels, rows, columns };
}

/* Give how light a picture is; where its colours tell nothing, its transparency may. */
function inked(rgba, rows, columns) {
  const light = grey(rgba, rows, columns);
  if (greatest(light.pixels) - smallest(light.pixels) >= BLANK) return light;
  return { pixels: light.pixels.map((_, i) => 255 - rgba[4 * i + 3]), rows, columns };
}

/* Resize: each new pixel is the mean of the area that it covers, to the nearest. */
function area(image, rows, columns) {
  const { rows: height, columns: width } = image;
  const upright = overlaps(height, rows);
  const across = overlaps(width, columns);
  const size = height * width;
  const pixels = new Uint8Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    const sums = new Float64Array(width); // of the rows that row i covers
    for (const [r, weight] of upright[i]) {
      for (let c = 0; c < width; c++) sums[c] += weight * image.pixels[r * width + c];
    }
    for (let j = 0; j < columns; j++) {
      let total = 0;
      for (const [c, weight] of across[j]) total += weight * sums[c];
      pixels[i * columns + j] = Math.floor((2 * total + size) / (2 * size));
    }
  }
  return { pixels, rows, columns };
}

/* Tell which old pixels each new one covers, and how much of each, in 1/new of an old one. */
function overlaps(old, count) {
  return Array.from({ length: count }, (_, i) => {
    const covered = [];
    for (let j = Math.floor((i * old) / count); j * count < (i + 1) * old; j++) {
      covered.push([j, Math.min((i + 1) * old, (j + 1) * count) - Math.max(i * old, j * count)]);
    }
    return covered;
  });
}

/* Give the size whose longer side is `longest`, with the aspect kept as well as it can be. */
function fitted(rows, columns, longest) {
  const longer = Math.max(rows, columns);
  return [rows, columns].map((n) =>
    Math.max(Math.floor((2 * n * longest + longer) / (2 * longer)), 1),
  );
}

/* Give the picture so that the ink is what is light. */
function lightOnDark(picture) {
  const paper = median(border(picture));
  const dark = paper - smallest(picture.pixels) > greatest(picture.pixels) - paper;
  return dark ? { ...picture, pixels: picture.pixels.map((v) => 255 - v) } : picture;
}

/* Give the pixels of the first and last row and column, those in the corners twice. */
function border({ pixels, rows, columns }) {
  const values = [...pixels.subarray(0, columns), ...pixels.subarray((rows - 1) * columns)];
  for (let r = 0; r < rows; r++) {
    values.push(pixels[r * columns], pixels[r * columns + columns - 1]);
  }
  return values;
}

/* Give the value in the middle, the upper one of two. */
function median(values) {
  return Uint8Array.from(values).sort()[Math.floor(values.length / 2)];
}

function smallest(values) {
  return values.reduce((least, v) => Math.min(least, v), 255);
}

function greatest(values) {
  let most = 0;
  for (const v of values) if (v > most) most = v;
  return most;
}

/* Take away what is light all over a window wider than any stroke: paper, shadow, gradient. */
function withoutBackground(ink) {
  const reach = Math.max(Math.floor(Math.max(ink.rows, ink.columns) / REACH), 1);
  const negative = ({ pixels, ...size }) => ({ ...size, pixels: pixels.map((v) => 255 - v) });
  const ground = negative(least(negative(least(ink, reach)), reach));
  const left = { ...ink, pixels: ink.pixels.map((v, i) => v - ground.pixels[i]) };
  const paper = median(border(left));
  return { ...ink, pixels: left.pixels.map((v) => Math.max(v, paper) - paper) };
}

/* Give the least value in the window that reaches so many pixels to each side of a pixel. */
function least(image, reach) {
  for (let turn = 0; turn < 2; turn++) {
    const { pixels, rows, columns } = image;
    let current = new Uint8Array((rows + 2 * reach) * columns).fill(255);
    current.set(pixels, reach * columns);
    for (let done = 1, wanted = 2 * reach + 1; done < wanted;) {
      const step = Math.min(done, wanted - done); // rows that each row is the least of: doubled
      const next = new Uint8Array(current.length - step * columns);
      for (let i = 0; i < next.length; i++) {
        // a loop is quicker here than map: a drawing waits
        next[i] = Math.min(current[i], current[i + step * columns]);
      }
      current = next;
      done += step;
    }
    image = transposed({ pixels: current, rows, columns }); // then along the rows
  }
  return image;
}

function transposed({ pixels, rows, columns }) {
  const turned = new Uint8Array(pixels.length);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) turned[c * rows + r] = pixels[r * columns + c];
  }
  return { pixels: turned, rows: columns, columns: rows };
}

/* Wipe off what is faint, and make the rest as light as can be. */
function contrasted(ink) {
  const most = greatest(ink.pixels);
  return stretched({ ...ink, pixels: ink.pixels.map((v) => (v * FAINT >= most ? v : 0)) }, most);
}

/* Multiply all by what makes this value 255. */
function stretched(ink, white) {
  const lighter = (v) => Math.min(Math.floor((2 * 255 * v + white) / (2 * white)), 255);
  return { ...ink, pixels: ink.pixels.map(lighter) };
}

/* Wipe off specks, and what the edge of the picture cuts: lines of the paper, a table, a thumb. */
function withoutDirt({ pixels, rows, columns }) {
  const width = columns + 2; // with an edge around, so that every pixel has eight neighbours
  const padded = new Uint8Array((rows + 2) * width);
  for (let r = 0; r < rows; r++) {
    padded.set(pixels.subarray(r * columns, (r + 1) * columns), (r + 1) * width + 1);
  }
  const values = padded.slice();
  const steps = [-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1];
  const atEdge = (place) => {
    const [r, c] = [Math.floor(place / width), place % width];
    return r === 1 || r === rows || c === 1 || c === columns;
  };
  const pieces = [];
  for (let start = 0; start < values.length; start++) {
    if (!values[start]) continue;
    const piece = [start];
    values[start] = 0;
    for (const place of piece) {
      // which grows meanwhile
      for (const step of steps) {
        if (!values[place + step]) continue;
        values[place + step] = 0;
        piece.push(place + step);
      }
    }
    pieces.push({ piece, amount: sum(piece.map((p) => padded[p])), cut: piece.some(atEdge) });
  }
  const largest = (some) => some.reduce((most, { amount }) => Math.max(most, amount), 0);
  const inside = largest(pieces.filter(({ cut }) => !cut));
  const kept = pieces.filter(({ cut, amount }) => !cut || amount > EDGE * inside);
  const most = largest(kept);
  const clean = new Uint8Array(rows * columns);
  for (const { piece, amount } of kept) {
    if (amount * SPECK < most) continue;
    for (const p of piece) {
      clean[(Math.floor(p / width) - 1) * columns + (p % width) - 1] = padded[p];
    }
  }
  return { pixels: clean, rows, columns };
}

/* Cut off the empty rows and columns around the ink. */
function cropped({ pixels, rows, columns }) {
  let [top, bottom, left, right] = [rows, 0, columns, 0];
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      if (!pixels[r * columns + c]) continue;
      [top, bottom] = [Math.min(top, r), Math.max(bottom, r + 1)];
      [left, right] = [Math.min(left, c), Math.max(right, c + 1)];
    }
  }
  const cut = new Uint8Array((bottom - top) * (right - left));
  for (let r = top; r < bottom; r++) {
    cut.set(pixels.subarray(r * columns + left, r * columns + right), (r - top) * (right - left));
  }
  return { pixels: cut, rows: bottom - top, columns: right - left };
}

/* Make a part of the pixels white: a thin stroke has become grey when it was reduced. */
function strengthened(ink) {
  const lightest = ink.pixels.slice().sort().reverse();
  const third = Math.floor(lightest[0] / STRONGER);
  return stretched(ink, Math.max(lightest[Math.floor(lightest.length / WHITE)], third, 1));
}

/* Put the ink into (side, side) so that its centre of mass is in the middle, or nearly. */
function centred({ pixels, rows, columns }, side) {
  const mass = sum(pixels);
  const start = (n, place) => {
    const moment = sum(Array.from(pixels, (v, i) => v * place(i)));
    const middle = Math.floor((side * mass - 2 * moment + mass) / (2 * mass));
    return Math.min(Math.max(middle, 0), side - n);
  };
  const top = start(rows, (i) => Math.floor(i / columns));
  const left = start(columns, (i) => i % columns);
  const image = new Uint8Array(side * side);
  for (let r = 0; r < rows; r++) {
    image.set(pixels.subarray(r * columns, (r + 1) * columns), (top + r) * side + left);
  }
  return { pixels: image, rows: side, columns: side };
}

if (typeof module !== "undefined") {
  module.exports = {
    ACTIVATIONS,
    netAround,
    indexOf,
    forward,
    backward,
    paths,
    gradients,
    optimize,
    ratios,
    turned,
    decode,
    costOf,
    prepare,
  };
}
