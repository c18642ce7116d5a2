/* The box that the train is drawn in: on a narrow screen, the train is wider than its box. */

import { byId, setAttributes } from "./dom.mjs";

/* Return from where to where parts of a selector reach, within the page; of none, nothing. */
function reach(selector) {
  const found = Array.from(byId("stage").querySelectorAll(selector), (part) =>
    part.getBoundingClientRect(),
  );
  if (!found.length) return null;
  return [Math.min(...found.map((r) => r.left)), Math.max(...found.map((r) => r.right))];
}

/* Scroll to the parts of a selector, if they are not in view; but not while a hand is on one. */
export function bringIntoView(selector) {
  const box = byId("scroll");
  const found = reach(selector);
  if (!found || document.body.classList.contains("dragging")) return;
  const [left, right] = found;
  const at = box.getBoundingClientRect();
  if (left >= at.left && right <= at.right) return;
  box.scrollLeft += (left + right) / 2 - at.left - box.clientWidth / 2;
}

/* Scroll to the crank in hand, and if there is room for both, the load. */
export function bringHeld() {
  const both = ".held .grip, [data-name=C] .name";
  const [left, right] = reach(both) ?? [0, 0];
  bringIntoView(right - left < byId("scroll").clientWidth - 20 ? both : ".held .grip");
}

/* Where the train is wider than its box, show C in words below it; and while the load is out of
   view, the load in a corner. */
export function pinCost() {
  const box = byId("scroll");
  byId("pinned").hidden = box.scrollWidth <= box.clientWidth;
  const load = byId("stage").querySelector("[data-name=C] .name");
  const right = load?.getBoundingClientRect().right ?? 0;
  setAttributes(byId("inset"), { class: right > box.getBoundingClientRect().right ? "" : "away" });
}

export function wireScroll() {
  addEventListener("resize", pinCost);
  byId("scroll").onscroll = pinCost;
}
