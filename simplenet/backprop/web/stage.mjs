/* Draw the gear train as planned. A plus beside a dial stands where more is. */

import { short } from "./format.mjs";
import { isSmall, layers, unitName } from "./names.mjs";
import { byId, draw } from "./dom.mjs";
import { GEARS } from "./content.mjs";
import { DIRECTION, radius } from "./plan.mjs";
import { state } from "./state.mjs";
import { bringIntoView } from "./scroll.mjs";
import { makeTurnable } from "./crank.mjs";

export function buildStage() {
  const held = document.activeElement?.classList.contains("turnable");
  const { plan } = state;
  const gears = Array.from(plan.gears.values());
  const [left, right] = [-58, Math.max(...gears.map((g) => g.x)) + 172];
  const highest = ({ kind, y, label: [, dy] }) =>
    y + Math.min(-radius(kind) - 8, dy - (dy < 0 ? 32 : 0));
  const lowest = ({ kind, y, label: [, dy] }) => y + Math.max(radius(kind) + 8, dy + 38);
  const top = Math.min(...gears.map(highest));
  const bottom = Math.max(...gears.map(lowest), ...plan.notes.map(({ y }) => y + 26));
  const stage = byId("stage");
  stage.setAttribute("viewBox", `${left} ${top} ${right - left} ${bottom - top}`);
  stage.style.setProperty("--wide", `${Math.round((right - left) * 0.7)}px`); // smaller, it is
  stage.style.setProperty("--high", `${Math.round((bottom - top) * 0.7)}px`); // hard to read
  stage.replaceChildren(
    draw("g", {}, ...plan.belts.map(drawBelt)),
    draw("g", {}, ...plan.notes.map(drawNote)),
    draw("g", {}, ...gears.map(drawGear)),
    draw("g", {}, ...plan.pins.map(drawPin)),
    draw("g", {}, ...gears.map(drawLabel)),
    draw("g", { class: "badges" }, ...plan.badges.map(drawBadge)),
  );
  bringIntoView(".held .grip");
  if (held) stage.querySelector(".turnable.held")?.focus({ preventScroll: true });
}

function drawBelt([one, other]) {
  const { plan } = state;
  const [p, q] = [plan.gears.get(one), plan.gears.get(other)];
  const [x0, x1] = [p.x + radius(p.kind) + 5, q.x - radius("W") - 5];
  const bend = (x1 - x0) / 2;
  const d =
    q.x < p.x
      ? beltToNextRow(x0, p.y, x1, q.y)
      : `M${x0} ${p.y}C${x0 + bend} ${p.y} ${x1 - bend} ${q.y} ${x1} ${q.y}`;
  const path = draw("path", { class: "belt", d });
  plan.belts.find((belt) => belt[0] === one && belt[1] === other)[2] = path;
  return path;
}

/* Return a path around the notes of its row, back to the left, and on. */
function beltToNextRow(x0, y0, x1, y1) {
  const [right, middle, left, r] = [x0 + 122, y0 + 146, x1 - 30, 22];
  return (
    `M${x0} ${y0}H${right - r}q${r} 0 ${r} ${r}V${middle - r}q0 ${r} ${-r} ${r}` +
    `H${left + r}q${-r} 0 ${-r} ${r}V${y1 - r}q0 ${r} ${r} ${r}H${x1}`
  );
}

function drawNote({ x, y, from, lines }) {
  const gear = state.plan.gears.get(from);
  const d = [40, 66, 92].map((dx) => `M${gear.x + 34} ${gear.y + 36}L${gear.x + dx} ${y - 18}`);
  return draw(
    "g",
    { class: "note" },
    draw("path", { class: "belt fan", d: d.join("") }),
    ...lines.map((line, i) => draw("text", { x, y: y + 16 * i, "text-anchor": "middle" }, line)),
  );
}

function drawPin({ x, y, unit }) {
  const last = layers(state.shown.net);
  const many = !isSmall(state.shown.net) && state.y.length > 1;
  const name = isSmall(state.shown.net) && state.y.length > 1 ? "y" + (unit + 1) : "y";
  return draw(
    "g",
    { class: "pin", transform: `translate(${x} ${y})` },
    draw("path", { d: "M-36 0H0M-6-6L6 6M-6 6L6-6" }),
    draw("circle", { r: 9 }),
    draw(
      "text",
      { x: 15, y: 0 },
      name,
      draw("tspan", { x: 15, dy: 17, class: "value" }, short(state.y[unit])),
    ),
    draw(
      "title",
      {},
      `the truth y of ${unitName(state.shown.net, last, unit)}, a fixed pin` +
        (many ? "; the others are not drawn" : ""),
    ),
  );
}

function drawBadge({ x, y, text }) {
  return draw(
    "g",
    { class: "badge", transform: `translate(${x} ${y})`, "aria-hidden": "true" },
    draw("circle", { r: 9.5 }),
    draw("text", { y: 4.5, "text-anchor": "middle" }, text),
  );
}

function drawGear(gear) {
  const { kind } = gear;
  const dial = radius(kind) - GEARS.module * 2.4;
  const side = DIRECTION[kind] * dial * 0.6;
  gear.rim = draw("g", { class: "rim" }, draw("path", { d: GEARS.outlines[GEARS.teeth[kind]] }));
  const parts = [
    gear.rim,
    draw("circle", { class: "dial", r: dial }),
    draw("path", { class: "tick", d: `M0 ${-dial}v5` }),
  ];
  if (kind === "X") parts.push(drawLock());
  else {
    gear.predicted = drawNeedle("predicted", dial + 1);
    gear.actual = drawNeedle("actual", dial - 3);
    if (gear.weight) gear.actual.append(draw("circle", { class: "crank", cy: 2 - dial, r: 4.5 }));
    parts.push(
      draw("text", { class: "plus", x: side, y: -dial * 0.36, "text-anchor": "middle" }, "+"),
      gear.predicted,
      gear.actual,
      draw("circle", { class: "hub", r: 3 }),
    );
  }
  if (kind === "Z") parts.push(drawFlag(gear, dial));
  gear.group = draw(
    "g",
    { class: `gear ${kind}`, "data-id": gear.id, transform: `translate(${gear.x} ${gear.y})` },
    ...parts,
  );
  if (gear.weight) makeTurnable(gear);
  return gear.group;
}

function drawNeedle(kind, length) {
  const [half, head, wide] = kind === "actual" ? [1.6, 9, 4.5] : [4.2, 13, 8.5];
  const neck = head - length;
  const d = `M${-half} 4V${neck}H${-wide}L0 ${-length}L${wide} ${neck}H${half}V4Z`;
  return draw("g", { class: `needle ${kind}` }, draw("path", { d }));
}

function drawLock() {
  return draw("path", { class: "lock", d: "M-9-2H9V11H-9ZM-5.5-2V-6a5.5 5.5 0 0 1 11 0V-2" });
}

function drawFlag(gear, dial) {
  gear.flag = draw(
    "g",
    { class: "flag", transform: `translate(${dial * 0.42} ${dial * 0.98})` },
    draw("path", { d: "M0 0V-17L13-12.5L0-8" }),
    draw("title", {}, "checkpoint: dC/dz saved"),
  );
  return gear.flag;
}

function drawLabel(gear) {
  const [dx, dy, anchor] = gear.label;
  const at = { x: gear.x + dx, "text-anchor": anchor };
  gear.name = draw("tspan", { class: "name" });
  gear.value = draw("tspan", { class: "value", ...at, dy: 17 });
  gear.scale = draw("tspan", { class: "scale", ...at, dy: 14 });
  gear.text = draw(
    "text",
    { class: "label", ...at, y: gear.y + dy },
    gear.name,
    gear.value,
    gear.scale,
  );
  return gear.text;
}
