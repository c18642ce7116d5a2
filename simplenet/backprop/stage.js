/* The gear train as a drawing: a plan of gears, belts and meshes, and the picture of it.

   A small net is drawn whole. Of a larger one only the train of the gear in hand is drawn, through
   the unit of each later layer that passes on most; what the other units add is summed up. A train
   of more than two layers goes on in further rows, so that C is in view where there is room.

   Everything turns by what its value has changed. Meshing gears turn opposite ways, as gears do, so
   W, B and A show more clockwise, Z and C counterclockwise; a plus stands where more is.
*/
"use strict";

const GEARS = CONTENT.gears;
const DIRECTION = { X: 1, W: 1, B: 1, Z: -1, A: 1, C: -1 };
const radius = (kind) => (GEARS.module * GEARS.teeth[kind]) / 2; // of the pitch circle
const apart = (one, other) => radius(one) + radius(other);
const ROW = { units: 2, far: 290 }; // of a train
let plan = null;
let dropGear = () => {}; // ends a drag

// --- the plan -------------------------------------------------------------------------------------

function emptyPlan() {
  return {
    gears: new Map(),
    belts: [],
    meshes: [],
    badges: [],
    pins: [],
    notes: [],
    left: 0,
    right: 0,
    top: 0,
    bottom: 0,
  };
}

/* Add a gear. `label` is where its text stands: [dx, dy, anchor], from its centre. */
function addGear(kind, id, x, y, what) {
  plan.gears.set(id, { kind, id, x, y, phase: 0, ...what });
  return plan.gears.get(id);
}

/* Add a gear that meshes with another, at an angle in degrees, clockwise from the right. */
function addMeshing(kind, id, to, angle, what) {
  const way = (angle * Math.PI) / 180;
  const far = apart(kind, to.kind);
  const gear = addGear(kind, id, to.x + far * Math.cos(way), to.y + far * Math.sin(way), what);
  mesh(to, gear);
  return gear;
}

/* Turn a gear until its teeth fall into the gaps of the one it meshes with. */
function mesh(one, other) {
  const way = Math.atan2(other.y - one.y, other.x - one.x);
  const along = radius(one.kind) * (one.phase - way) - (Math.PI * GEARS.module) / 2;
  other.phase = way + Math.PI - along / radius(other.kind);
  plan.meshes.push([one.id, other.id]);
}

/* One unit: its Z, the W gears and the B gear that drive it, and its A. `up` is -1 above, 1 below. */
function addUnit(net, l, j, z, { from, up, towards, labels }) {
  const spread = from.length > 1 ? 40 : 0;
  for (const [i, k] of from.entries()) {
    const side = from.length > 1 ? 2 * i - 1 : up; // the first stands above the second
    const label =
      from.length > 1
        ? [-8, side < 0 ? -radius("W") - 28 : radius("W") + 20, "middle"]
        : [0, radius("W") + 24, "middle"];
    addMeshing("W", `w ${l} ${k} ${j}`, z, 180 - side * spread, { label, weight: { l, k, j } });
    plan.belts.push([`a ${l} ${k}`, `w ${l} ${k} ${j}`]);
  }
  addMeshing("B", `b ${l} ${j}`, z, up * 80, { label: labels.B, weight: { l, k: null, j } });
  return addMeshing("A", `a ${l + 1} ${j}`, z, towards, { label: labels.A, unit: j, layer: l + 1 });
}

function labelsOf(up, last) {
  const free = (kind) => (up < 0 ? radius(kind) + 20 : -radius(kind) - 28); // the side of Z without a B gear
  return {
    B: [radius("B") + 9, -2, "start"],
    A: last ? [radius("A") + 9, up < 0 ? -10 : 2, "start"] : [22, free("A"), "middle"],
    Z: last ? [radius("Z") + 9, up < 0 ? -20 : 10, "start"] : [-16, free("Z"), "start"],
  };
}

/* A small net, whole: one column of units for each layer. */
function planWhole(net) {
  const rows = (n) => (n === 1 ? [0] : [-140, 140]);
  const up = (n, j) => (n === 1 ? 1 : rows(n)[j] < 0 ? -1 : 1);
  rows(net.shape[0]).forEach((y, k) =>
    addGear("X", `a 0 ${k}`, 0, y, { label: [0, radius("X") + 22, "middle"], unit: k, layer: 0 }),
  );
  let x = 250;
  for (let l = 0; l < layers(net); l++, x += 328) {
    const m = net.shape[l + 1];
    const last = l === layers(net) - 1;
    const from = Array.from({ length: net.shape[l] }, (_, k) => k);
    const units = rows(m).map((y, j) => {
      const labels = labelsOf(up(m, j), last && m > 1);
      const z = addGear("Z", `z ${l} ${j}`, x, y, { label: labels.Z, unit: j, layer: l });
      const towards = last && m > 1 ? -up(m, j) * 40 : 0;
      return addUnit(net, l, j, z, { from, up: up(m, j), towards, labels });
    });
    if (last) addCost(units);
  }
}

/* C meshes with the last A gears: they, and all that mesh with them, are set to fit its teeth. */
function addCost(units) {
  const [first] = units;
  const across = Math.sqrt(apart("C", "A") ** 2 - first.y ** 2 * (units.length - 1));
  const cost = addGear("C", "C", first.x + across, units.length > 1 ? 0 : first.y, {
    label: [radius("C") + 14, units.length > 1 ? -4 : radius("C") - 6, "start"],
  });
  for (const unit of units) mesh(cost, unit);
  const settled = new Set(["C", ...units.map((unit) => unit.id)]);
  for (let rounds = 0; rounds < plan.gears.size; rounds++) {
    for (const [one, other] of [...plan.meshes]) {
      const [known, open] = settled.has(one) ? [one, other] : [other, one];
      if (!settled.has(known) || settled.has(open)) continue;
      mesh(plan.gears.get(known), plan.gears.get(open));
      plan.meshes.pop(); // it was there already
      settled.add(open);
    }
  }
  plan.pins = units.map((unit, i) => ({
    x: cost.x + 106,
    y: cost.y + (2 * i - units.length + 1) * 46,
    unit: unit.unit,
  }));
}

/* The train of the gear in hand: at each layer through the unit that passes on most. */
function planTrain(net) {
  const { l, k, j } = state.weight;
  const labels = {
    B: [radius("B") + 9, 6, "start"],
    A: [6, -radius("A") - 30, "middle"],
    Z: [-4, -radius("Z") - 30, "middle"],
  };
  let [from, unit, x, y] = [k ?? 0, j, 235, 0];
  addGear("X", `a ${l} ${from}`, 0, 0, { label: labels.A, unit: from, layer: l });
  for (let i = l; i < layers(net); i++) {
    const z = addGear("Z", `z ${i} ${unit}`, x, y, { label: labels.Z, unit, layer: i });
    const a = addUnit(net, i, unit, z, { from: [from], up: 1, towards: 0, labels });
    if (i === layers(net) - 1) return addCost([a]);
    const parts = paths(net, state.back, i + 1, unit);
    const through = strongest(parts);
    addFan(net, a, i + 1, parts, through);
    const wraps = (i + 1 - l) % ROW.units === 0;
    [from, unit] = [unit, through];
    [x, y] = wraps ? [150, y + ROW.far] : [x + 318, y];
  }
}

/* Where the train drives more units than the drawn one: short belts, and what the others add. */
function addFan(net, gear, l, parts, through) {
  if (parts.length < 2) return;
  const text = `${whole(parts.length - 1)} other${parts.length > 2 ? "s" : ""}: ${signed(sum(parts) - parts[through], 3)}`;
  plan.notes.push({ x: gear.x + 78, y: gear.y + 104, from: gear.id, lines: ["through", text] });
}

/* What stands on the path of the gear in hand, in the order of the ratios. */
function pathOf(net) {
  const { l, k, j } = state.weight;
  const ids = new Set([k === null ? `b ${l} ${j}` : `w ${l} ${k} ${j}`]);
  let units = new Set([j]);
  for (let i = l; i < layers(net); i++) {
    for (const u of units) ids.add(`z ${i} ${u}`).add(`a ${i + 1} ${u}`);
    if (i + 1 < layers(net)) {
      for (const u of units) {
        for (let o = 0; o < net.shape[i + 2]; o++) ids.add(`w ${i + 1} ${u} ${o}`);
      }
      units = new Set(Array.from({ length: net.shape[i + 2] }, (_, o) => o));
    }
  }
  return ids.add("C");
}

function addBadges(net) {
  const { l, k, j } = state.weight;
  const at = (one, other) => {
    const [p, q] = [plan.gears.get(one), plan.gears.get(other)];
    const share = radius(p.kind) / (radius(p.kind) + radius(q.kind));
    return { x: p.x + (q.x - p.x) * share, y: p.y + (q.y - p.y) * share };
  };
  const [z, a] = [`z ${l} ${j}`, `a ${l + 1} ${j}`];
  const places = [at(k === null ? `b ${l} ${j}` : `w ${l} ${k} ${j}`, z), at(z, a)];
  if (state.back.slope[l]) {
    const gear = plan.gears.get(a);
    places.push(l === layers(net) - 1 ? at(a, "C") : { x: gear.x + radius("A"), y: gear.y });
  }
  plan.badges = places.map((place, i) => ({ ...place, text: i + 1 }));
}

// --- the drawing ----------------------------------------------------------------------------------

function buildStage() {
  const { net } = state.shown;
  const held = document.activeElement?.classList.contains("turnable");
  plan = emptyPlan();
  if (isSmall(net)) planWhole(net);
  else planTrain(net);
  addBadges(net);
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

/* On a narrow screen the train is wider than its box: scroll to the gears of a selector. */
function bringIntoView(selector) {
  const box = byId("scroll");
  const found = Array.from(byId("stage").querySelectorAll(selector), (part) =>
    part.getBoundingClientRect(),
  );
  if (!found.length || box.scrollWidth <= box.clientWidth) return;
  const middle =
    (Math.min(...found.map((r) => r.left)) + Math.max(...found.map((r) => r.right))) / 2;
  box.scrollLeft += middle - box.getBoundingClientRect().left - box.clientWidth / 2;
}

function drawBelt([one, other]) {
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

/* Around the notes of its row, back to the left, and on. */
function beltToNextRow(x0, y0, x1, y1) {
  const [right, middle, left, r] = [x0 + 122, y0 + 146, x1 - 30, 22];
  return (
    `M${x0} ${y0}H${right - r}q${r} 0 ${r} ${r}V${middle - r}q0 ${r} ${-r} ${r}` +
    `H${left + r}q${-r} 0 ${-r} ${r}V${y1 - r}q0 ${r} ${r} ${r}H${x1}`
  );
}

/* Where the train is still wider than its box, C is told in words below it. */
function pinCost() {
  byId("pinned").hidden = byId("scroll").scrollWidth <= byId("scroll").clientWidth;
}

function drawNote({ x, y, from, lines }) {
  const gear = plan.gears.get(from);
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
  const d = `M${-half} 4V${head - length}H${-wide}L0 ${-length}L${wide} ${head - length}H${half}V4Z`;
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

// --- what it shows --------------------------------------------------------------------------------

function nameOf(gear) {
  const { net } = state.shown;
  if (gear.kind === "C") return "C";
  if (gear.weight)
    return gear.weight.k === null && isSmall(net) ? "b" : parameterName(net, gear.weight);
  if (isSmall(net))
    return (
      (gear.kind === "Z" ? "z of " : "") +
      unitName(net, gear.layer + (gear.kind === "Z"), gear.unit)
    );
  const layer = gear.layer + (gear.kind === "Z");
  return (gear.kind === "Z" ? "Z" : "A") + raised(layer - layers(net)) + `[${gear.unit}]`;
}

/* What a gear shows: its value now, how far it has turned, and how far its ratio says. */
function readingOf(gear) {
  const {
    shown: { net },
    pass,
    now,
    ratio,
    turn,
    back,
    weight,
  } = state;
  const { kind, layer, unit } = gear;
  if (kind === "C")
    return { value: now.C, actual: now.C - back.C, predicted: ratio.dC * turn, ratio: ratio.dC };
  if (gear.weight) {
    const { l, k, j } = gear.weight;
    const mine = l === weight.l && k === weight.k && j === weight.j;
    const by = mine ? turn : 0;
    return {
      value: net.params[indexOf(net, l, k, j)] + by,
      actual: by,
      predicted: by,
      ratio: 1,
      mine,
    };
  }
  const [before, after, r] =
    kind === "Z"
      ? [pass.z[layer], now.z[layer], ratio.dz[layer]]
      : [pass.a[layer], now.a[layer], layer ? ratio.da[layer - 1] : null];
  const per = r ? r[unit] : 0;
  return {
    value: after[unit],
    actual: after[unit] - before[unit],
    predicted: per * turn,
    ratio: per,
  };
}

/* How much a dial magnifies: as chosen, or the power of ten that lets its needle be seen. */
function magnification(gear, ratio) {
  const chosen = byId("magnify").value;
  if (gear.weight || !ratio) return 1;
  if (chosen !== "fit") return +chosen;
  return 10 ** Math.min(Math.max(-Math.floor(Math.log10(Math.abs(ratio))) - 1, 0), 9);
}

function refreshStage() {
  const onPath = pathOf(state.shown.net);
  const lit = litNow(onPath);
  for (const gear of plan.gears.values()) {
    const reading = readingOf(gear);
    const scale = magnification(gear, reading.ratio);
    turnGear(gear, reading, scale);
    labelGear(gear, reading, scale, onPath);
    gear.group.classList.toggle("lit", lit.has(gear.id));
    gear.group.classList.toggle("held", Boolean(reading.mine));
    gear.flag?.classList.toggle("up", flagIsUp(gear));
    if (gear.weight) announceGear(gear, reading);
  }
  for (const [one, other, path] of plan.belts)
    path.classList.toggle("lit", (lit.has(other) && lit.has(one)) || lit.has(`${one} > ${other}`));
}

function turnGear(gear, { actual, predicted }, scale) {
  if (gear.kind === "X") return;
  const degrees = (v) => 360 * v * scale * DIRECTION[gear.kind];
  const tooth = 360 / GEARS.teeth[gear.kind];
  const rim = Math.round(degrees(actual) / tooth) * tooth;
  gear.rim.style.transform = `rotate(${(gear.phase * 180) / Math.PI + rim}deg)`;
  gear.actual.style.transform = `rotate(${degrees(actual)}deg)`;
  gear.predicted.style.transform = `rotate(${degrees(predicted)}deg)`;
}

function labelGear(gear, { value, actual, mine }, scale, onPath) {
  gear.name.textContent = nameOf(gear);
  const plain = gear.kind === "X" || gear.weight;
  gear.value.textContent =
    state.turn && actual ? signed(actual, 3) : plain ? short(value) : digits(value, 4);
  const magnified = state.tab === "turn" && onPath.has(gear.id) && scale > 1;
  gear.scale.textContent = magnified
    ? `dial ×${scale < 1e4 ? scale : "10" + raised(Math.log10(scale))}`
    : "";
  const above = gear.label[1] < -radius(gear.kind); // such a label grows upwards
  gear.text.setAttribute("y", gear.y + gear.label[1] - (above && magnified ? 14 : 0));
  gear.value.classList.toggle("changed", Boolean(state.turn && (actual || mine)));
}

/* What is lit: the path of the gear in hand, or what the open panel talks of. */
function litNow(onPath) {
  if (state.tab === "paths") return litPaths();
  if (state.tab === "sweep") return litStep();
  return onPath;
}

// --- turning by hand ------------------------------------------------------------------------------

function makeTurnable(gear) {
  const mine = ["l", "k", "j"].every((key) => gear.weight[key] === state.weight[key]);
  gear.group.classList.add("turnable");
  gear.group.classList.toggle("held", mine);
  gear.group.append(draw("circle", { class: "grip", r: radius(gear.kind) + GEARS.module }));
  if (mine) {
    filled(
      gear.group,
      {
        role: "slider",
        tabindex: 0,
        "aria-label": parameterName(state.shown.net, gear.weight),
        "aria-valuemin": -2,
        "aria-valuemax": 2,
      },
      [],
    );
    gear.group.addEventListener("keydown", onGearKey);
  }
  gear.group.addEventListener("pointerdown", (event) => onGrab(event, gear));
}

function announceGear(gear, { actual, value }) {
  if (gear.group.getAttribute("role") !== "slider") return;
  filled(
    gear.group,
    { "aria-valuenow": actual, "aria-valuetext": `${short(value)}, turned by ${short(actual)}` },
    [],
  );
}

function onGearKey(event) {
  const small = event.shiftKey ? 0.001 : 0.1;
  const by = {
    ArrowUp: small,
    ArrowRight: small,
    ArrowDown: -small,
    ArrowLeft: -small,
    PageUp: 1,
    PageDown: -1,
    Home: -state.turn,
  }[event.key];
  if (by === undefined) return;
  event.preventDefault();
  turnTo(+(state.turn + by).toFixed(9));
}

/* Take hold of a gear: the train may be drawn anew, so the pointer is followed on the window. */
function onGrab(event, { id, weight }) {
  if (event.button) return;
  event.preventDefault();
  dropGear();
  if (["l", "k", "j"].some((key) => weight[key] !== state.weight[key])) chooseWeight(weight);
  if (state.tab !== "turn") openTab(byId("tab-turn"));
  const { group } = plan.gears.get(id);
  group.focus({ preventScroll: true });
  const angle = ({ clientX, clientY }) => {
    const box = group.querySelector(".grip").getBoundingClientRect();
    return (
      Math.atan2(clientY - box.top - box.height / 2, clientX - box.left - box.width / 2) /
      (2 * Math.PI)
    );
  };
  let before = angle(event);
  const onMove = (move) => {
    if (move.pointerId !== event.pointerId) return;
    const after = angle(move);
    const by = after - before - Math.round(after - before); // the shorter way round
    before = after;
    turnTo(Math.min(Math.max(state.turn + by, -20), 20));
  };
  dropGear = () => {
    removeEventListener("pointermove", onMove);
    for (const end of ["pointerup", "pointercancel"]) removeEventListener(end, onEnd);
  };
  const onEnd = ({ pointerId }) => {
    if (pointerId === event.pointerId) dropGear();
  };
  addEventListener("pointermove", onMove);
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, onEnd);
}
