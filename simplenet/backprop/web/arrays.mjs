/* Questions about a list of numbers: its sum, and where its largest numbers stand. */

export function sum(values) {
  let total = 0;
  for (const v of values) total += v;
  return total;
}

/* Return the index of the number furthest from 0. */
export const strongest = (values) =>
  values.reduce((best, v, i) => (Math.abs(v) > Math.abs(values[best]) ? i : best), 0);

/* Return all indices, those of the numbers furthest from 0 first. */
export const bySize = (values) =>
  Array.from(values, (_, i) => i).sort((i, j) => Math.abs(values[j]) - Math.abs(values[i]));

/* Return the index of the greatest number. */
export const indexOfGreatest = (values) => values.indexOf(Math.max(...values));

export const isOneHot = (y) => y.every((v) => v === 0 || v === 1) && sum(y) === 1;

/* Return the index next to a number, or to what someone typed, in a list of this size. */
export const clampedIndex = (value, size) =>
  Math.trunc(Math.min(Math.max(+value || 0, 0), size - 1));
