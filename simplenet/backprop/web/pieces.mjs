/* The pieces that ink is made of, and which are no part of a digit: pictures/pieces.py once more. */

import { sum } from "./arrays.mjs";
import { greatest, lightest, openedInColumn, padded, transposed } from "./pixels.mjs";

const LONG = 5; // a line is made of runs of this part of the picture, and goes all through it
const SLOPE = 10; // rises by at most this part of its length
const PEN = 3; // along a line, what has more than so many halves of its ink is a pen
const THIN = 20; // and is no thicker than this part of the picture
const TALL = 4; // where a piece is as high as this part of the picture, a digit lies inside
const EDGE = 2; // else a piece cut by the edge has more than so many times the ink of one inside
const SPECK = 8; // what has less ink than this part of the largest piece is dirt

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

/* Wipe off thin straight lines from edge to edge, such as paper is ruled with.

   `before` is the ink before it was stretched. */
export function withoutLines(ink, before) {
  const across = withoutRules(ink, before);
  const clean = transposed(withoutRules(transposed(across), transposed(before)));
  return lightest(clean.pixels) ? clean : ink;
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

/* Wipe off specks, frames, and what the edge cuts where a digit lies inside: a table, a thumb. */
export function withoutDirt({ pixels, rows, columns }) {
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
