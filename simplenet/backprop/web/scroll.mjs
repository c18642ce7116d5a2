/* The box that the train is drawn in: on a narrow screen, the train is wider than its box. */

import { byId } from "./dom.mjs";

/* Scroll to the gears of a selector. */
export function bringIntoView(selector) {
  const box = byId("scroll");
  const found = Array.from(byId("stage").querySelectorAll(selector), (part) =>
    part.getBoundingClientRect(),
  );
  if (!found.length || box.scrollWidth <= box.clientWidth) return;
  const middle =
    (Math.min(...found.map((r) => r.left)) + Math.max(...found.map((r) => r.right))) / 2;
  box.scrollLeft += middle - box.getBoundingClientRect().left - box.clientWidth / 2;
}

/* Show C in words below the box, where the train is wider than it. */
export function pinCost() {
  byId("pinned").hidden = byId("scroll").scrollWidth <= byId("scroll").clientWidth;
}
