/* Prepare a picture of a digit for a net: simplenet/pictures/prepare.py once more.

   Whole numbers only, none above 2**53, so that every pixel is that of the Python; the names, the
   steps and their reasons are those there. An image is { pixels, rows, columns }, row by row.
*/

import { sum } from "./arrays.mjs";

const WORK = 168; // pixels of the longer side, to which a larger picture is reduced: 6 times 28

const REACH = 5; // the paper is what is light as far as this part of the longer side, to all sides
const BLANK = 24; // of 255: in a picture with less contrast than this, nothing is drawn
const FAINT = 4; // what is fainter than this part of the strongest ink is paper
const EDGE = 2; // a piece cut by the edge has more than so many times the ink of one inside
const SPECK = 8; // what has less ink than this part of the largest piece is dirt
const WHITE = 6; // this part of a digit's pixels are to be white
const STRONGER = 3; // and may be made at most so many times as light for it

/* Turn a picture, RGBA as canvases have it, into what a net sees: bytes, light on dark.

   Return null for a picture in which nothing is drawn. */
export function prepare(rgba, width, height, side = 28) {
  let picture = inked(rgba, height, width);
  if (Math.max(height, width) > WORK) picture = area(picture, ...fitted(height, width, WORK));
  const ink = withoutBackground(lightOnDark(picture));
  if (greatest(ink.pixels) < BLANK) return null;
  const digit = cropped(withoutDirt(contrasted(ink)));
  const box = Math.max(Math.floor((20 * side + 14) / 28), 1); // as 20 is to 28
  const small = reduced(digit, ...fitted(digit.rows, digit.columns, box));
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

/* Return how light a picture is; where its colours tell nothing, its transparency may. */
function inked(rgba, rows, columns) {
  const light = grey(rgba, rows, columns);
  if (greatest(light.pixels) - smallest(light.pixels) >= BLANK) return light;
  return { pixels: light.pixels.map((_, i) => 255 - rgba[4 * i + 3]), rows, columns };
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
  if (greatest(small.pixels)) return small;
  const amounts = sums(ink, rows, columns);
  return {
    pixels: quotients(
      amounts.map((v) => 255 * v),
      greatest(amounts),
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

/* Return the picture so that the ink is what is light. */
function lightOnDark(picture) {
  const paper = median(border(picture));
  const dark = paper - smallest(picture.pixels) > greatest(picture.pixels) - paper;
  return dark ? { ...picture, pixels: picture.pixels.map((v) => 255 - v) } : picture;
}

/* Return the pixels of the first and last row and column, those in the corners twice. */
function border({ pixels, rows, columns }) {
  const values = [...pixels.subarray(0, columns), ...pixels.subarray((rows - 1) * columns)];
  for (let r = 0; r < rows; r++) {
    values.push(pixels[r * columns], pixels[r * columns + columns - 1]);
  }
  return values;
}

/* Return the value in the middle, the upper one of two. */
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

/* Return the least value in the window that reaches so many pixels to each side of a pixel. */
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
  const swapped = new Uint8Array(pixels.length);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) swapped[c * rows + r] = pixels[r * columns + c];
  }
  return { pixels: swapped, rows: columns, columns: rows };
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
