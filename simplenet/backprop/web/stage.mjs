/* Draw the machine of the scene, and move its parts. */

import { layers } from "./names.mjs";
import { byId, draw, setAttributes } from "./dom.mjs";
import { digits } from "./format.mjs";
import { OUTLINES } from "./content.mjs";
import { bandPath, groovePath, transform } from "./scene.mjs";
import { state } from "./state.mjs";

const [COST_RISE, ERROR] = [46, 57]; // how far a cost's cam can go, as in fittings.py
const LOAD = [-44, -152, 112, 150]; // around the name of C: the load, and its ruler

const moving = []; // [element, body, what it was set to last]
const bands = []; // [element, band, what it was set to last]
const cuts = []; // [element, name] of the grooves of the cost's cams
let lit = ""; // the names of what is lit

/* Make all elements of the stage; layers below 5 lie behind the bands. */
export function buildStage() {
  const { scene } = state;
  const [width, height] = scene.size;
  moving.length = bands.length = cuts.length = 0;
  lit = "";
  const stage = byId("stage");
  stage.setAttribute("viewBox", `0 0 ${width} ${height}`);
  stage.style.setProperty("--wide", `${Math.ceil(width * 0.6)}px`); // smaller, it is hard to read
  const groups = scene.groups.map(makeGroup);
  const behind = draw("g", {});
  const before = draw("g", {});
  const seen = new Set();
  for (const shape of scene.shapes) {
    const [place] = shape;
    groups[place].append(makeShape(shape, scene));
    if (seen.has(place)) continue;
    seen.add(place);
    (scene.groups[place][1] < 5 ? behind : before).append(groups[place]);
  }
  for (const band of scene.bands) {
    bands.push([draw("path", { class: "band", "data-part": band[0] }), band, ""]);
  }
  const marks = draw("g", { id: "marks" });
  const travellers = draw("g", { id: "travellers", "aria-hidden": "true" });
  stage.replaceChildren(behind, ...bands.map(([path]) => path), before, marks, travellers);
  cutGrooves();
  buildInset();
}

/* The load once more, for where it is out of view. */
function buildInset() {
  const [, x, y] = state.scene.marks.find(([name]) => name === "C");
  const [dx, dy, ...size] = LOAD;
  const inset = byId("inset");
  setAttributes(inset, { viewBox: [x + dx, y + dy, ...size].join(" ") });
  inset.replaceChildren();
  for (const part of byId("stage").querySelectorAll("[data-part=frame], [data-part=C]")) {
    const copy = part.cloneNode(true);
    inset.append(copy);
    for (const list of [moving, bands]) {
      const entry = list.find(([element]) => element === part);
      if (entry) list.push([copy, entry[1], ""]);
    }
  }
  inset.append(draw("text", { class: "label", x: x + 8, y: y - 10, "text-anchor": "middle" }));
}

function makeGroup([body, , part]) {
  const group = draw("g", { "data-part": part.replace("groove ", "") });
  if (body) moving.push([group, state.scene.bodies[body], ""]);
  return group;
}

function makeShape([place, style, ...numbers], { groups, styles }) {
  const [tag, fill, line, pen, end] = styles[style];
  const look = { class: `f-${fill} l-${line}`, "stroke-width": pen };
  if (end) look["stroke-linecap"] = end;
  if (tag === "path") return makePath(look, groups[place][2], ...numbers);
  const keys = tag === "circle" ? ["cx", "cy", "r"] : ["x", "y", "width", "height", "rx"];
  return draw(tag, { ...look, ...Object.fromEntries(keys.map((key, i) => [key, numbers[i]])) });
}

function makePath(look, part, outline, x = 0, y = 0) {
  const path = draw("path", { ...look, d: OUTLINES[outline] });
  if (x || y) path.setAttribute("transform", `translate(${x} ${y})`);
  if (part.startsWith("groove ") && look["stroke-linecap"]) cuts.push([path, part.slice(7)]);
  return path;
}

/* Cut the grooves of the cost's cams after the cost that is learned with now. */
export function cutGrooves() {
  const { net, scene } = state;
  const cross = net.cost === "cross-entropy";
  const joint = net.activations[layers(net) - 1] === "softmax";
  const profile = (error) => {
    if (!cross) return (net.cost === "squared-error" ? 1 : 0.5) * error * error;
    if (joint) return error < 0 ? -Math.log1p(error) : 0; // of the right class, all; of others, 0
    return -Math.log1p(-Math.abs(error));
  };
  for (const [path, name] of cuts) {
    if (!(name in scene.cuts)) continue; // of a net that was shown before
    const [, , along, up] = scene.cuts[name];
    const high = COST_RISE / up;
    const far = net.cost === "squared-error" ? Math.sqrt(high) : Math.sqrt(2 * high);
    const reach = Math.min(cross ? -Math.expm1(-high) : far, ERROR / along); // as cost_reach has it
    scene.ends[name] = [0, profile(-reach)];
    scene.ends[`y${name.slice(1)}`] = [-reach, reach, `o${name.slice(1)}`];
    path.removeAttribute("transform");
    path.setAttribute("d", groovePath(scene.cuts[name], profile, reach));
  }
}

/* Put everything where it stands. */
export function moveParts(at) {
  for (const entry of moving) {
    const [group, body, before] = entry;
    const now = transform(body, at);
    if (now === before) continue;
    group.setAttribute("transform", now);
    entry[2] = now;
  }
  for (const entry of bands) {
    const [path, band, before] = entry;
    const now = bandPath(band, at);
    if (now === before) continue;
    path.setAttribute("d", now);
    entry[2] = now;
  }
  byId("inset").lastChild.textContent = `C ${digits(at.C, 4)}`;
}

/* Light what has these names, and let the rest stand back a little; with none, nothing does. */
export function lightParts(names) {
  const now = Array.from(names).join(" ");
  if (now === lit) return;
  lit = now;
  for (const part of byId("stage").querySelectorAll("[data-part]")) {
    const { part: name } = part.dataset;
    const own = name.startsWith("lever ") ? name.slice(6) : name;
    part.classList.toggle("lit", names.size > 0 && names.has(own));
    part.classList.toggle("dim", names.size > 0 && !names.has(own));
  }
}

