/* Prepare a picture of a digit for a net: simplenet/pictures/prepare.py once more.

   Every pixel is that of the Python; the names, the steps and their reasons are those there. An
   image is { pixels, rows, columns }, row by row.
*/

import { sum } from "./arrays.mjs";
import { withoutDirt, withoutLines } from "./pieces.mjs";
import {
  area,
  border,
  cropped,
  darkest,
  fitted,
  greatest,
  inverted,
  least,
  lightest,
  meanAround,
  padded,
  reduced,
  stretched,
} from "./pixels.mjs";

const WORK = 168; // pixels of the longer side, to which a larger picture is reduced: 6 times 28
const REACH = 5; // the paper is what is light as far as this part of the longer side, to all sides
const BLANK = 24; // of 255: in a picture with less contrast than this, nothing is drawn
const FEW = 50; // this part of the border may be darker than the rest, and as much lighter: noise
const LIGHTNESS = [299, 587, 114]; // of 1,000: red, green and blue, as in ITU-R BT.601
const COLOURS = [
  [1000, 0, 0],
  [0, 1000, 0],
  [0, 0, 1000],
];
const COLOURFUL = 2; // a colour that has more than so many times the contrast is looked at
const SHADED = 3; // ink in a shadow is made at most so many times as light as it is
const FAINT = 4; // what is fainter than this part of the strongest ink is paper
const STROKE = 12; // of 100: how wide MNIST's strokes are, beside a digit's longer side
const WHITE = 6; // this part of a digit's pixels are to be white
const STRONGER = 3; // and may be made at most so many times as light for it

/* Turn a picture, RGBA as canvases have it, into what a net sees: bytes, light on dark.

   Return null for a picture in which nothing is drawn. */
export function prepare(rgba, width, height, side = 28) {
  const ink = withoutBackground(lightOnDark(inked(rgba, height, width)));
  if (lightest(ink.pixels) < BLANK) return null;
  const digit = withStroke(cropped(withoutDirt(withoutLines(contrasted(ink), ink))));
  const box = Math.max(Math.floor((20 * side + 14) / 28), 1); // as 20 is to 28
  const small = reduced(digit, ...fitted(digit.rows, digit.columns, box));
  return centred(strengthened(small), side).pixels;
}

/* Lay the picture on white paper, and give how light it is. */
function grey(rgba, rows, columns, [red, green, blue] = LIGHTNESS) {
  const pixels = new Uint8Array(rows * columns);
  for (let i = 0, at = 0; i < pixels.length; i++, at += 4) {
    const alpha = rgba[at + 3];
    const white = 255 * (255 - alpha) + 127;
    const r = Math.floor((rgba[at] * alpha + white) / 255);
    const g = Math.floor((rgba[at + 1] * alpha + white) / 255);
    const b = Math.floor((rgba[at + 2] * alpha + white) / 255);
    pixels[i] = Math.floor((red * r + green * g + blue * b + 500) / 1000);
  }
  return { pixels, rows, columns };
}

/* Return how light a picture is; where a colour or transparency tells much more, that. */
function inked(rgba, rows, columns) {
  const light = smaller(grey(rgba, rows, columns));
  if (COLOURFUL * contrast(light) >= 255) return light;
  const clear = Uint8Array.from({ length: rows * columns }, (_, i) => 255 - rgba[4 * i + 3]);
  const colours = COLOURS.map((weights) => grey(rgba, rows, columns, weights));
  const best = [...colours, { pixels: clear, rows, columns }]
    .map(smaller)
    .reduce((one, other) => (contrast(other) > contrast(one) ? other : one));
  return contrast(best) > COLOURFUL * contrast(light) ? best : light;
}

/* Return how much lighter the lightest pixel is than the darkest. */
function contrast({ pixels }) {
  return lightest(pixels) - darkest(pixels);
}

/* Return the image, reduced to WORK if it is larger. */
function smaller(image) {
  const { rows, columns } = image;
  return Math.max(rows, columns) > WORK ? area(image, ...fitted(rows, columns, WORK)) : image;
}

/* Return the picture so that the ink is what is light.

   Where nearly all of the border is as light, ink is what is rare: the border may be a desk. */
function lightOnDark(picture) {
  const ring = Uint8Array.from(border(picture)).sort();
  let dark;
  const few = Math.floor(ring.length / FEW);
  if (ring[ring.length - 1 - few] - ring[few] < BLANK) {
    const mean = meanAround(picture, reachIn(picture));
    dark = sum(Array.from(picture.pixels, (v, i) => (v - mean[i]) ** 3)) < 0;
  } else {
    const at = (part) => ring[Math.floor((ring.length * part) / 4)];
    const [lower, middle, upper] = [at(1), at(2), at(3)];
    const { pixels } = picture;
    dark = lower + middle - 2 * darkest(pixels) > 2 * lightest(pixels) - middle - upper;
  }
  return dark ? inverted(picture) : picture;
}

/* Return how far a window reaches to each side that is wider than any stroke. */
function reachIn({ rows, columns }) {
  return Math.max(Math.floor(Math.max(rows, columns) / REACH), 1);
}

/* Take away what is light all over a window wider than any stroke: paper, shadow, gradient. */
function withoutBackground(ink) {
  const reach = reachIn(ink);
  const ground = greatest(least(ink, reach), reach);
  const left = { ...ink, pixels: ink.pixels.map((v, i) => v - ground.pixels[i]) };
  const paper = left.pixels.slice().sort()[Math.floor(left.pixels.length / 4)];
  return { ...ink, pixels: left.pixels.map((v) => Math.max(v, paper) - paper) };
}

/* Wipe off what is faint, and make the rest as light as can be, in a shadow as elsewhere. */
function contrasted(ink) {
  const most = lightest(ink.pixels);
  const around = greatest(ink, reachIn(ink)).pixels;
  const kept = ink.pixels.map((v) => (v * FAINT >= most ? v : 0));
  const third = Math.ceil(most / SHADED);
  return stretched({ ...ink, pixels: kept }, (i) => Math.max(around[i], third));
}

/* Bring the strokes to the width of MNIST's, from both edges; how many of these tells it. */
function withStroke(digit) {
  const { pixels, rows, columns } = padded(digit, 1);
  const drawn = pixels.map((v) => (v >= 128 ? 1 : 0));
  let edges = 0;
  for (let i = columns; i < drawn.length; i++) {
    edges += Math.abs(drawn[i] - drawn[i - 1]) + Math.abs(drawn[i] - drawn[i - columns]);
  }
  const longest = Math.max(rows, columns) - 2;
  const missing = STROKE * longest * edges - 255 * sum(drawn);
  const reach = Math.floor(Math.abs(missing) / (200 * edges));
  if (!(reach > 0)) return digit;
  if (missing > 0) return greatest(padded(digit, reach), reach);
  const thinner = least({ pixels, rows, columns }, Math.min(reach, Math.floor(longest / 20)));
  return lightest(thinner.pixels) ? cropped(thinner) : digit;
}

/* Make a part of the pixels white: a thin stroke has become grey when it was reduced. */
function strengthened(ink) {
  const ordered = ink.pixels.slice().sort().reverse();
  const third = Math.floor(ordered[0] / STRONGER);
  const white = Math.max(ordered[Math.floor(ordered.length / WHITE)], third, 1);
  return stretched(ink, () => white);
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
