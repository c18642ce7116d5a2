/* What travels back, in a step of the Sweep: a pull goes from part to part, splits, and adds. */

import { paths } from "./network.mjs";
import { signed } from "./format.mjs";
import { byId, draw } from "./dom.mjs";
import { pose } from "./scene.mjs";
import { state } from "./state.mjs";
import { stepsOf } from "./steps.mjs";
import { markOf } from "./marks.mjs";
import { numbersShown } from "./motion.mjs";

const TIME = 900; // milliseconds

let shown = ""; // the step that has been shown, so that it is not shown again

/* Return the journeys of this step: [from, to, what is carried]. */
function journeys() {
  const { net, parts, back } = state;
  const { kind, l } = stepsOf(net)[state.step];
  const of = (letter, layer) => parts.filter((p) => p.kind === letter && p.l === layer);
  const unit = (layer, k) => parts.find((p) => "xa".includes(p.kind) && p.l === layer && p.k === k);
  const z = (layer, j) => parts.find((p) => p.kind === "z" && p.l === layer && p.j === j);
  if (kind === "dc_da") {
    return of("a", l + 1).map((p) => ["C", p.name, signed(back.dc_da[l][p.k], 3)]);
  }
  if (kind === "dc_dz") {
    const from = (p) => (back.dc_da[l] ? unit(l + 1, p.j).name : "C");
    return of("z", l).map((p) => [from(p), p.name, signed(back.dc_dz[l][p.j], 3)]);
  }
  if (kind === "dc_dW") {
    return of("w", l).map((p) => [
      z(l, p.j).name,
      p.name,
      signed(back.dc_dW[l][p.k * net.shape[l + 1] + p.j], 3),
    ]);
  }
  if (kind === "dc_db") {
    return of("b", l).map((p) => [z(l, p.j).name, p.name, signed(back.dc_db[l][p.j], 3)]);
  }
  if (kind !== "paths") return [];
  return of("p", l).map((p) => [
    z(l, p.j).name,
    unit(l, p.k).name,
    signed(paths(net, back, l, p.k)[p.j], 3),
  ]);
}

/* Return where a pull takes hold of a part. */
function placeOf(name, at) {
  const mark = markOf(name);
  if (!mark) return null;
  const [dx, dy] = mark.round ? [0, 0] : pose(mark.body, at);
  return [mark.arrow[0] + dx, mark.arrow[1] + dy];
}

/* Let the pulls of the step travel, once; without motion, not at all: the numbers stand there. */
export function travel() {
  const key = state.tab === "sweep" ? `${state.step} ${state.back.C}` : "";
  if (key === shown) return;
  shown = key;
  const box = byId("travellers");
  box.replaceChildren();
  if (!key || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const at = numbersShown();
  for (const [from, to, text] of journeys()) {
    const [start, end] = [placeOf(from, at), placeOf(to, at)];
    if (!start || !end) continue;
    const group = draw(
      "g",
      { class: "traveller" },
      draw("circle", { r: 7 }),
      draw("text", { x: 11, y: 5 }, text),
    );
    box.append(group);
    const place = ([x, y]) => `translate(${x}px, ${y}px)`;
    const moves = [
      { transform: place(start), opacity: 1 },
      { transform: place(end), opacity: 1, offset: 0.85 },
      { transform: place(end), opacity: 0 },
    ];
    group.animate(moves, { duration: TIME, easing: "ease-in-out", fill: "forwards" }).onfinish =
      () => group.remove();
  }
}
