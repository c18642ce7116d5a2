/* Operations on images in whole numbers: simplenet/pictures/pixels.py once more.

   None is above 2**53, so that every result is that of the Python. An image is
   { pixels, rows, columns }, row by row.
*/

/* Return the image with dark and light exchanged. */
export function inverted(image) {
  return { ...image, pixels: image.pixels.map((v) => 255 - v) };
}

/* Return the pixels of the first and last row and column, those in the corners twice. */
export function border({ pixels, rows, columns }) {
  const values = [...pixels.subarray(0, columns), ...pixels.subarray((rows - 1) * columns)];
  for (let r = 0; r < rows; r++) {
    values.push(pixels[r * columns], pixels[r * columns + columns - 1]);
  }
  return values;
}

export function darkest(values) {
  return values.reduce((one, v) => Math.min(one, v), 255);
}

export function lightest(values) {
  let most = 0;
  for (const v of values) if (v > most) most = v;
  return most;
}

/* Resize: each new pixel is the mean of the area that it covers, to the nearest. */
export function area(image, rows, columns) {
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

/* Resize ink, but if all of it would be lost, as in few pixels it may be, with the lightest white. */
export function reduced(ink, rows, columns) {
  const small = area(ink, rows, columns);
  if (lightest(small.pixels)) return small;
  const amounts = sums(ink, rows, columns);
  return {
    pixels: quotients(
      amounts.map((v) => 255 * v),
      lightest(amounts),
    ),
    rows,
    columns,
  };
}

/* Return the size whose longer side is `longest`, with the aspect kept as well as it can be. */
export function fitted(rows, columns, longest) {
  const longer = Math.max(rows, columns);
  return [rows, columns].map((n) =>
    Math.max(Math.floor((2 * n * longest + longer) / (2 * longer)), 1),
  );
}

/* Return the least value in the window that reaches so many pixels to each side of a pixel. */
export function least(image, reach) {
  return transposed(leastInColumn(transposed(leastInColumn(image, reach)), reach));
}

/* Return the greatest value in that window. */
export function greatest(image, reach) {
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

/* Return the greatest of the least values in the windows in its column that hold a pixel. */
export function openedInColumn(image, reach) {
  return inverted(leastInColumn(inverted(leastInColumn(image, reach)), reach));
}

export function transposed({ pixels, rows, columns }) {
  const swapped = new Uint8Array(pixels.length);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) swapped[c * rows + r] = pixels[r * columns + c];
  }
  return { pixels: swapped, rows: columns, columns: rows };
}

/* Return the mean, rounded down, of the window that reaches so far, where it is in the image. */
export function meanAround({ pixels, rows, columns }, reach) {
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

/* Multiply each by what makes the value that is white at its place 255. */
export function stretched(ink, whiteAt) {
  const lighter = (v, i) => {
    const white = whiteAt(i);
    return Math.min(Math.floor((2 * 255 * v + white) / (2 * white)), 255);
  };
  return { ...ink, pixels: ink.pixels.map(lighter) };
}

/* Cut off the empty rows and columns around the ink. */
export function cropped({ pixels, rows, columns }) {
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

/* Return the image with so many empty pixels more on each side. */
export function padded({ pixels, rows, columns }, more) {
  const wide = columns + 2 * more;
  const image = new Uint8Array((rows + 2 * more) * wide);
  for (let r = 0; r < rows; r++) {
    image.set(pixels.subarray(r * columns, (r + 1) * columns), (r + more) * wide + more);
  }
  return { pixels: image, rows: rows + 2 * more, columns: wide };
}
