/* Prepare a picture of a digit for a net: simplenet/pictures/prepare.py once more.

   Whole numbers only, none above 2**53, so that every pixel is that of the Python; the names, the
   steps and their reasons are those there. An image is { pixels, rows, columns }, row by row.
*/

import { sum } from "./arrays.mjs";

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
const LONG = 5; // a line is made of runs of this part of the picture, and goes all through it
const SLOPE = 10; // rises by at most this part of its length
const PEN = 3; // along a line, what has more than so many halves of its ink is a pen
const THIN = 20; // and is no thicker than this part of the picture
const TALL = 4; // where a piece is as high as this part of the picture, a digit lies inside
const EDGE = 2; // else a piece cut by the edge has more than so many times the ink of one inside
const STROKE = 12; // of 100: how wide MNIST's strokes are, beside a digit's longer side
const SPECK = 8; // what has less ink than this part of the largest piece is dirt
const WHITE = 6; // this part of a digit's pixels are to be white
const STRONGER = 3; // and may be made at most so many times as light for it

/* Turn a picture, RGBA as canvases have it, into what a net sees: bytes, light on dark.

   Return null for a picture in which nothing is drawn. */
export function prepare(rgba, width, height, side = 28) {
  const ink = withoutBackground(lightOnDark(inked(rgba, height, width)));
  if (highest(ink.pixels) < BLANK) return null;
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
  return highest(pixels) - lowest(pixels);
}

/* Return the image, reduced to WORK if it is larger. */
function smaller(image) {
  const { rows, columns } = image;
  return Math.max(rows, columns) > WORK ? area(image, ...fitted(rows, columns, WORK)) : image;
}

/* Resize: each new pixel is the mean of the area that it covers, to the nearest. */
function area(image, rows, columns) {
  const size = image.rows * image.columns;
  return { pixels: quotients(sums(image, rows, columns), size), rows, columns };
}

/* Return the sum of what each pixel of a new size covers, in 1/(rows * columns) of an old one. */
function sums({ pixels, rows: height, columns: width }, rows, columns) {
  const upright = overlaps(height, rows);
  const across = overlaps(width, columns);
  const totals = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    const inRow = new Float64Array(width); // of the rows that row i covers
    for (const [r, weight] of upright[i]) {
      for (let c = 0; c < width; c++) inRow[c] += weight * pixels[r * width + c];
    }
    for (let j = 0; j < columns; j++) {
      for (const [c, weight] of across[j]) totals[i * columns + j] += weight * inRow[c];
    }
  }
  return totals;
}

/* Return the values divided, to the nearest. */
function quotients(values, divisor) {
  return Uint8Array.from(values, (v) => Math.floor((2 * v + divisor) / (2 * divisor)));
}

/* Resize ink, but if all of it would be lost, as in few pixels it may be, with the lightest white. */
function reduced(ink, rows, columns) {
  const small = area(ink, rows, columns);
  if (highest(small.pixels)) return small;
  const amounts = sums(ink, rows, columns);
  return {
    pixels: quotients(
      amounts.map((v) => 255 * v),
      highest(amounts),
    ),
    rows,
    columns,
  };
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

/* Return the size whose longer side is `longest`, with the aspect kept as well as it can be. */
function fitted(rows, columns, longest) {
  const longer = Math.max(rows, columns);
  return [rows, columns].map((n) =>
    Math.max(Math.floor((2 * n * longest + longer) / (2 * longer)), 1),
  );
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
    dark = lower + middle - 2 * lowest(pixels) > 2 * highest(pixels) - middle - upper;
  }
  return dark ? inverted(picture) : picture;
}

/* Return the image with dark and light exchanged. */
function inverted(image) {
  return { ...image, pixels: image.pixels.map((v) => 255 - v) };
}

/* Return how far a window reaches to each side that is wider than any stroke. */
function reachIn({ rows, columns }) {
  return Math.max(Math.floor(Math.max(rows, columns) / REACH), 1);
}

/* Return the mean, rounded down, of the window that reaches so far, where it is in the image. */
function meanAround({ pixels, rows, columns }, reach) {
  const wide = columns + 1;
  const upto = new Float64Array((rows + 1) * wide); // the sum of what is above and to the left
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const at = r * wide + c;
      upto[at + wide + 1] = pixels[r * columns + c] + upto[at + wide] + upto[at + 1] - upto[at];
    }
  }
  return Float64Array.from(pixels, (_, i) => {
    const [r, c] = [Math.floor(i / columns), i % columns];
    const [top, bottom] = [Math.max(r - reach, 0), Math.min(r + reach + 1, rows)];
    const [left, right] = [Math.max(c - reach, 0), Math.min(c + reach + 1, columns)];
    const above = (row) => upto[row * wide + right] - upto[row * wide + left];
    const inside = above(bottom) - above(top);
    return Math.floor(inside / ((bottom - top) * (right - left)));
  });
}

/* Return the pixels of the first and last row and column, those in the corners twice. */
function border({ pixels, rows, columns }) {
  const values = [...pixels.subarray(0, columns), ...pixels.subarray((rows - 1) * columns)];
  for (let r = 0; r < rows; r++) {
    values.push(pixels[r * columns], pixels[r * columns + columns - 1]);
  }
  return values;
}

function lowest(values) {
  return values.reduce((one, v) => Math.min(one, v), 255);
}

function highest(values) {
  let most = 0;
  for (const v of values) if (v > most) most = v;
  return most;
}

/* Take away what is light all over a window wider than any stroke: paper, shadow, gradient. */
function withoutBackground(ink) {
  const reach = reachIn(ink);
  const ground = greatest(least(ink, reach), reach);
  const left = { ...ink, pixels: ink.pixels.map((v, i) => v - ground.pixels[i]) };
  const paper = left.pixels.slice().sort()[Math.floor(left.pixels.length / 4)];
  return { ...ink, pixels: left.pixels.map((v) => Math.max(v, paper) - paper) };
}

/* Return the least value in the window that reaches so many pixels to each side of a pixel. */
function least(image, reach) {
  return transposed(leastInColumn(transposed(leastInColumn(image, reach)), reach));
}

/* Return the greatest value in that window. */
function greatest(image, reach) {
  return inverted(least(inverted(image), reach));
}

/* Return the least value that is up to so many pixels above or below a pixel. */
function leastInColumn({ pixels, rows, columns }, reach) {
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
  return { pixels: current, rows, columns };
}

function transposed({ pixels, rows, columns }) {
  const swapped = new Uint8Array(pixels.length);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) swapped[c * rows + r] = pixels[r * columns + c];
  }
  return { pixels: swapped, rows: columns, columns: rows };
}

/* Wipe off what is faint, and make the rest as light as can be, in a shadow as elsewhere. */
function contrasted(ink) {
  const most = highest(ink.pixels);
  const around = greatest(ink, reachIn(ink)).pixels;
  const kept = ink.pixels.map((v) => (v * FAINT >= most ? v : 0));
  const third = Math.ceil(most / SHADED);
  return stretched({ ...ink, pixels: kept }, (i) => Math.max(around[i], third));
}

/* Multiply each by what makes the value that is white at its place 255. */
function stretched(ink, whiteAt) {
  const lighter = (v, i) => {
    const white = whiteAt(i);
    return Math.min(Math.floor((2 * 255 * v + white) / (2 * white)), 255);
  };
  return { ...ink, pixels: ink.pixels.map(lighter) };
}

/* Wipe off thin straight lines from edge to edge, such as paper is ruled with.

   `before` is the ink before it was stretched. */
function withoutLines(ink, before) {
  const across = withoutRules(ink, before);
  const clean = transposed(withoutRules(transposed(across), transposed(before)));
  return highest(clean.pixels) ? clean : ink;
}

/* Wipe off lines from left to right, but for where something crosses them, or is stronger. */
function withoutRules(ink, before) {
  const { rows, columns } = ink;
  const reach = Math.max(Math.floor(Math.floor(columns / LONG) / 2), 1);
  const runs = transposed(openedInColumn(transposed(greatest(ink, 1)), reach));
  const clean = { ...ink, pixels: ink.pixels.slice() };
  for (const { left, right, places } of pieces(runs)) {
    if (left > 0 || right < columns) continue;
    const counts = new Uint8Array(columns);
    for (const p of places) counts[p % columns]++;
    const thick = Math.max(counts.sort()[Math.floor(columns / 4)] - 2, 1);
    const first = (column) =>
      Math.min(...places.filter((p) => p % columns === column).map((p) => Math.floor(p / columns)));
    const rise = Math.abs(first(0) - first(columns - 1));
    if (thick * THIN > Math.max(rows, columns) || rise * SLOPE > columns) continue;
    const high = openedInColumn(ink, Math.floor(thick / 2) + 1).pixels;
    const strengths = new Uint8Array(columns);
    for (const p of places)
      strengths[p % columns] = Math.max(strengths[p % columns], before.pixels[p]);
    const usual = strengths.sort()[Math.floor(columns / 2)];
    for (const p of places)
      if (2 * before.pixels[p] <= PEN * usual) clean.pixels[p] = Math.min(clean.pixels[p], high[p]);
  }
  return clean;
}

/* Return the greatest of the least values in the windows in its column that hold a pixel. */
function openedInColumn(image, reach) {
  return inverted(leastInColumn(inverted(leastInColumn(image, reach)), reach));
}

/* Return the pieces of the ink, of pixels that touch, if only at a corner: how much ink each has,
   the box around it, whether an edge cuts it, and the places of its pixels. */
function pieces({ pixels, rows, columns }) {
  const { pixels: values, columns: width } = padded({ pixels, rows, columns }, 1);
  const steps = [-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1];
  const found = [];
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
    let [top, bottom, left, right] = [rows, 0, columns, 0];
    const places = piece.map((place) => {
      const [r, c] = [Math.floor(place / width) - 1, (place % width) - 1];
      [top, bottom] = [Math.min(top, r), Math.max(bottom, r + 1)];
      [left, right] = [Math.min(left, c), Math.max(right, c + 1)];
      return r * columns + c;
    });
    const cut = top === 0 || left === 0 || bottom === rows || right === columns;
    const amount = sum(places.map((p) => pixels[p]));
    found.push({ top, bottom, left, right, height: bottom - top, cut, amount, places });
  }
  return found;
}

/* Wipe off specks, frames, and what the edge cuts where a digit lies inside: a table, a thumb. */
function withoutDirt({ pixels, rows, columns }) {
  let found = pieces({ pixels, rows, columns });
  const high = ({ height }) => height * TALL >= Math.max(rows, columns);
  const tall = found.filter(high);
  found = found.filter((piece) => !tall.some((other) => encloses(piece, other)));
  const inside = found.filter(({ cut }) => !cut);
  const largest = (some) => some.reduce((most, { amount }) => Math.max(most, amount), 0);
  const much = EDGE * largest(inside);
  if (inside.some(high)) found = inside;
  else found = found.filter(({ cut, amount }) => !cut || amount > much);
  const most = largest(found);
  const clean = new Uint8Array(rows * columns);
  for (const { places, amount } of found) {
    if (amount * SPECK >= most) for (const p of places) clean[p] = pixels[p];
  }
  return { pixels: clean, rows, columns };
}

/* Tell whether a piece lies within the box of another, and is at least a third as high. */
function encloses(frame, piece) {
  return (
    frame.top < piece.top &&
    frame.left < piece.left &&
    frame.bottom > piece.bottom &&
    frame.right > piece.right &&
    3 * piece.height >= frame.height
  );
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
  return highest(thinner.pixels) ? cropped(thinner) : digit;
}

/* Return the image with so many empty pixels more on each side. */
function padded({ pixels, rows, columns }, more) {
  const wide = columns + 2 * more;
  const image = new Uint8Array((rows + 2 * more) * wide);
  for (let r = 0; r < rows; r++) {
    image.set(pixels.subarray(r * columns, (r + 1) * columns), (r + more) * wide + more);
  }
  return { pixels: image, rows: rows + 2 * more, columns: wide };
}

/* Make a part of the pixels white: a thin stroke has become grey when it was reduced. */
function strengthened(ink) {
  const lightest = ink.pixels.slice().sort().reverse();
  const third = Math.floor(lightest[0] / STRONGER);
  const white = Math.max(lightest[Math.floor(lightest.length / WHITE)], third, 1);
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
