/* What stands beside each part: its name, its value, its gradient, its needles.

   The gradient is how hard the load on C pulls there, with an arrow, or at a crank an arc, that is
   as long. The needles say how far the part has gone, solid, and how far its ratio says, hollow.
*/

import { digits, raised } from "./format.mjs";
import { isSmall, layers, parameterName, unitName } from "./names.mjs";
import { byId, draw, setAttributes } from "./dom.mjs";
import { pose } from "./scene.mjs";
import { state } from "./state.mjs";
import { isFelt, isKnown } from "./lit.mjs";

const ARROW = 110; // units of the drawing for a gradient of 1
const ARC = 300; // degrees for a gradient of 1
const GAUGE = 24; // of half a gauge
const LEAST = 2; // shorter than this, a ring stands for an arrow

const marks = new Map(); // by name

export const markOf = (name) => marks.get(name);

function nameOf(part) {
  const { net } = state;
  const { kind, name, l, k, j } = part;
  if (kind === "b") return "b";
  if (kind === "r" || kind === "R") return "rest";
  if (kind === "w") return parameterName(net, part);
  if (kind === "z") return `z of ${unitName(net, l + 1, j)}`;
  if (kind === "x" || kind === "a") return unitName(net, l, k);
  return kind === "y" && !isSmall(net) ? `y of ${k}` : name;
}

/* Make the marks of everything that is drawn. */
export function buildMarks() {
  marks.clear();
  const parts = new Map(state.parts.map((part) => [part.name, part]));
  for (const [name, x, y, anchor, arrow, body, round, minor] of state.scene.marks) {
    const part = parts.get(name);
    if (!part) continue;
    const mark = { part, arrow, body: state.scene.bodies[body] ?? {}, round, minor, x, y };
    const at = { x, y, "text-anchor": anchor };
    mark.name = draw("tspan", { class: "name" }, nameOf(part));
    mark.value = draw("tspan", { class: "value", dx: 6 });
    mark.gradient = draw("tspan", { class: "pull", ...at, y: y + 21 });
    mark.text = draw("text", { class: "label", ...at }, mark.name, mark.value, mark.gradient);
    mark.pull = draw("path", { class: "force" });
    mark.head = draw("path", { class: "force head" });
    mark.group = draw("g", { class: `mark ${part.kind}`, "data-name": name }, mark.text);
    mark.group.append(mark.pull, mark.head);
    if ("zaC".includes(part.kind)) addGauge(mark, anchor);
    if (part.kind === "z") addFlag(mark);
    marks.set(name, mark);
  }
  byId("marks").replaceChildren(...Array.from(marks.values(), ({ group }) => group));
}

function addGauge(mark, anchor) {
  const after = 11.2 * mark.name.textContent.length + 92; // where the label of a unit ends
  const beside = mark.part.kind === "a" ? [after, 4] : [-16, 0];
  const [dx, dy] = anchor === "middle" ? [-54, -74] : beside; // C has it beside the weight
  mark.actual = draw("path", { class: "needle actual", d: "M-9-5L1 0L-9 5Z" });
  mark.predicted = draw("path", { class: "needle predicted", d: "M11-7L1 0L11 7Z" });
  mark.besides = [mark.x + dx, mark.y + dy];
  mark.gauge = draw(
    "g",
    { class: "gauge", transform: `translate(${mark.besides.join(" ")})` },
    draw("path", { class: "tick", d: `M0 ${-GAUGE}V${GAUGE}M-4 0H4M-3 ${-GAUGE}H3M-3 ${GAUGE}H3` }),
    mark.predicted,
    mark.actual,
  );
  mark.group.append(mark.gauge);
}

function addFlag(mark) {
  mark.flag = draw(
    "g",
    { class: "flag", transform: `translate(${mark.x + 98} ${mark.y + 22})` },
    draw("path", { d: "M-8 0V-17L5-12.5L-8-8" }),
    draw("title", {}, "checkpoint: dC/dz is known"),
  );
  mark.group.append(mark.flag);
}

/* Say what each part is at, and how hard it is pulled, as they are to be, not on the way there. */
export function writeMarks(at, felt, lit, ended) {
  // A product or a truth is beyond its end where a weight, or the output, is.
  const ends = new Set(ended.map((name) => name.replace("d.", "")).filter((name) => !/^[py]/.test(name)));
  for (const [name, mark] of marks) {
    const known = isKnown(mark.part);
    const has = known && isFelt(mark.part) && felt[name] !== undefined;
    const text = known ? written(at[name]) : "";
    if (mark.value.textContent !== text) mark.value.textContent = text;
    const pulled = has ? pulledText(felt[name]) : "";
    if (mark.gradient.textContent !== pulled) mark.gradient.textContent = pulled;
    mark.group.classList.toggle("lit", lit.has(name));
    mark.group.classList.toggle("away", Boolean(mark.minor) && !isWorthIt(lit, name));
    mark.value.classList.toggle("end", ends.has(name));
    mark.has = has;
    mark.flag?.classList.toggle("up", has);
  }
  const said = [saidOfEnds(ends), saidOfSoftmax()].join(" ").trim();
  if (byId("remark").textContent !== said) byId("remark").textContent = said;
}

/* Say which parts have come to the end of their lever, rack or groove. */
function saidOfEnds(ends) {
  const names = [...marks.values()]
    .filter(({ part }) => ends.has(part.name))
    .map(({ part }) => (part.kind === "b" ? parameterName(state.net, part) : nameOf(part)));
  if (!names.length) return "";
  const few = names.length > 4 ? [...names.slice(0, 3), `${names.length - 3} more`] : names;
  return `Beyond the end of its lever, rack or groove, and drawn there: ${few.join(", ")}. The numbers go on.`;
}

/* Say why a softmax's gradient at z is not that of the output times a slope. */
function saidOfSoftmax() {
  const { net } = state;
  if (net.activations[layers(net) - 1] !== "softmax" || !marks.get("z.o1")?.has) return "";
  return (
    "The outputs of a softmax share one sum: each z moves every output, and is pulled through all of them" +
    (net.cost === "cross-entropy" ? ", by a − y together." : ".")
  );
}

const isWorthIt = (lit, name) => lit.has(name) && "sweep paths".includes(state.tab);
const written = (v) => {
  if (!Number.isFinite(v)) return "";
  if (Math.abs(v) < 9.9995) return v.toFixed(3).replace("-", "−");
  return Math.abs(v) < 9999.5 ? digits(v, 4) : digits(v, 2).replace("e+", "e");
};

/* As short as the places on the stage are. */
function pulledText(v) {
  if (v === 0) return "0";
  const size = Math.abs(v);
  if (size < 0.001) return (v < 0 ? "−" : "+") + size.toExponential(1).replace("-", "−");
  const text = size < 10 ? size.toFixed(4) : digits(size, size < 999.5 ? 4 : 2);
  return (v < 0 ? "−" : "+") + text.replace("e+", "e");
}

/* Put the marks, their arrows and arcs where the parts are now. */
export function moveMarks(at) {
  for (const [name, mark] of marks) {
    const still = mark.round || mark.minor || mark.part.kind === "z";
    const [dx, dy] = still ? [0, 0] : pose(mark.body, at);
    set(mark, "text", "transform", `translate(${near(dx)} ${near(dy)})`);
    if (mark.actual && mark.group.classList.contains("lit")) moveGauge(mark, name, at, dx, dy);
    const gradient = mark.has ? (at[`dC/d${name}`] ?? 0) : 0;
    if (!mark.has || "Cy".includes(mark.part.kind)) setForce(mark, "", "");
    else if (mark.round) showArc(mark, at[name], gradient);
    else showArrow(mark, pose(mark.body, at), gradient);
  }
}

/* Set an attribute of an element of a mark, unless it is that already: setting it costs. */
function set(mark, element, attribute, value) {
  if (mark[`${element} was`] === value) return;
  mark[`${element} was`] = value;
  mark[element].setAttribute(attribute, value);
}

function setForce(mark, line, head) {
  set(mark, "pull", "d", line);
  set(mark, "head", "d", head);
}

const near = (v) => Math.round(v * 10) / 10;
const ring = (x, y) => `M${near(x - 2.6)} ${near(y)}a2.6 2.6 0 1 0 5.2 0a2.6 2.6 0 1 0-5.2 0Z`;

/* Down, for a gradient above 0: where the load pulls. */
function showArrow(mark, [dx, dy], gradient) {
  const [x, y] = [mark.arrow[0] + dx, mark.arrow[1] + dy];
  const [up, down] = [14 - y, state.scene.size[1] - 14 - y]; // as far as the drawing goes
  const long = (Math.max(Math.min(gradient, 1.2), -1.2) * ARROW * state.scene.unit) / 48;
  const tip = Math.max(Math.min(long, down), up);
  mark.head.classList.toggle("weak", Math.abs(tip) < LEAST);
  if (Math.abs(tip) < LEAST) return setForce(mark, "", ring(x, y));
  const size = Math.min(16, 5 + Math.abs(tip) * 0.7);
  const s = Math.sign(tip);
  const line = Math.abs(tip) > size * 0.7 ? `M${x} ${y}V${y + tip - s * size * 0.6}` : "";
  const end = y + tip;
  const head = `M${x} ${end}l${-size * 0.48} ${-s * size}l${size * 0.48} ${s * size * 0.28}l${size * 0.48} ${-s * size * 0.28}Z`;
  return setForce(mark, line, head);
}

/* From the arm of a crank, back for a gradient above 0. */
function showArc(mark, value, gradient) {
  const [x, y] = mark.arrow;
  const r = mark.round + 10;
  const start = ((value * 180 * state.scene.unit) / 48 - 90) * (Math.PI / 180);
  const turn = (-Math.max(Math.min(gradient, 1), -1) * ARC * Math.PI) / 180;
  const at = (angle, radius = r) => [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
  mark.head.classList.toggle("weak", Math.abs(turn) * r < LEAST);
  if (Math.abs(turn) * r < LEAST) return setForce(mark, "", ring(...at(start)));
  const s = Math.sign(turn);
  const end = start + turn;
  const large = Math.abs(turn) > Math.PI ? 1 : 0;
  const line = `M${at(start).join(" ")}A${r} ${r} 0 ${large} ${s > 0 ? 1 : 0} ${at(end).join(" ")}`;
  const tip = at(end + (s * 6) / r);
  const back = (side) => at(end - (s * 5) / r, r + side * 5).join(" ");
  return setForce(mark, line, `M${tip.join(" ")}L${back(1)}L${back(-1)}Z`);
}

// --- needles ------------------------------------------------------------------------------------

/* Return how much all gauges magnify: as chosen, or so that the needles of C can be seen. */
function magnification(actual, predicted) {
  const chosen = byId("magnify").value;
  if (chosen !== "fit") return +chosen;
  const most = Math.max(Math.abs(actual), Math.abs(predicted));
  return most ? 10 ** Math.min(Math.max(-Math.floor(Math.log10(most)) - 1, 0), 9) : 1;
}

/* Say how far each part has gone, and how far its ratio says: all to one scale. Return the same by
   name, for the needles to go there with the parts. */
export function needleShares() {
  const { net, now, pass, back, ratio, turn } = state;
  const times = magnification(now.C - back.C, ratio.dC * turn);
  byId("scale-said").textContent = turn
    ? `${2 / times >= 0.001 ? 2 / times : `2 · 10${raised(Math.log10(1 / times))}`} high`
    : "";
  const shares = {};
  for (const { part, actual, predicted } of marks.values()) {
    if (!actual) continue;
    const { kind, l, k, j } = part;
    const [moved, says] =
      kind === "C"
        ? [now.C - back.C, ratio.dC * turn]
        : kind === "z"
          ? [now.z[l][j] - pass.z[l][j], ratio.dz[l][j] * turn]
          : [now.a[l][k] - pass.a[l][k], ratio.da[l - 1][k] * turn];
    shares[`moved ${part.name}`] = setNeedle(actual, moved * times);
    shares[`says ${part.name}`] = setNeedle(predicted, says * times);
  }
  byId("stage").classList.toggle("turned", Boolean(turn) && layers(net) > 0);
  return shares;
}

function setNeedle(needle, share) {
  setAttributes(needle, { "data-share": share });
  needle.classList.toggle("beyond", Math.abs(share) > 1);
  return Math.max(Math.min(share, 1), -1);
}

function moveGauge(mark, name, at, dx, dy) {
  const [x, y] = mark.besides;
  set(mark, "gauge", "transform", `translate(${near(x + dx)} ${near(y + dy)})`);
  const place = (share) => `translate(0 ${near(-share * GAUGE)})`;
  set(mark, "actual", "transform", place(at[`moved ${name}`] ?? 0));
  set(mark, "predicted", "transform", place(at[`says ${name}`] ?? 0));
}
