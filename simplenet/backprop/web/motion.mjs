/* Let what is shown go over into what is to be shown, without a jump. */

const TIME = 260; // milliseconds
const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

let shown = {}; // numbers by name
let goal = {};
let frame = 0;
let paint = () => {};

/* Say how numbers are shown. */
export function paintWith(callback) {
  paint = callback;
}

/* Show these numbers: at once, or by and by from those that are shown now. */
export function showNumbers(numbers, atOnce = false, time = TIME) {
  cancelAnimationFrame(frame);
  goal = numbers;
  const first = !Object.keys(shown).length;
  if (atOnce || first || still() || document.hidden) {
    shown = { ...numbers };
    paint(shown);
    return;
  }
  const from = { ...numbers, ...shown }; // what is new is there at once
  const start = performance.now();
  const step = (now) => {
    const t = Math.min(Math.max((now - start) / time, 0), 1); // a frame may have begun before
    const eased = 1 - (1 - t) ** 3;
    shown = {};
    for (const name in goal) shown[name] = from[name] + (goal[name] - from[name]) * eased;
    paint(shown);
    if (t < 1) frame = requestAnimationFrame(step);
  };
  frame = requestAnimationFrame(step);
}

/* Return the numbers that are shown now. */
export const numbersShown = () => shown;
