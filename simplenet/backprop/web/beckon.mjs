/* The first ten seconds: one crank turns by itself, once, so that everybody sees that it can. */

const WAIT = 900; // milliseconds, before it turns
const TIME = 2600; // from there to its end
const FAR = 0.8; // how far it turns

/* Let a crank be turned and turned back by `show`, unless something has been done before. */
export function beckon(show, isWanted) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const begin = performance.now() + WAIT;
  const step = (now) => {
    if (!isWanted()) return; // what was done has been shown since
    const t = Math.min(Math.max((now - begin) / TIME, 0), 1);
    if (t > 0) show(t < 1 ? FAR * Math.sin(Math.PI * t) ** 2 : 0);
    if (t < 1) requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}
