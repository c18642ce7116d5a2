/* The panels Paths and Sweep: where gradients add up, and the order in which they are found. */
"use strict";

const MANY = 10; // how many bars or lines are shown one by one

// --- Paths ----------------------------------------------------------------------------------------

/* Small nets: a list of all units. Others: a layer and a number. */
function showUnitChoice() {
  const { net } = state.shown;
  const fields = byId("unit");
  const units = net.shape.flatMap((n, l) =>
    Array.from({ length: isSmall(net) ? n : 1 }, (_, k) => ({ l, k })),
  );
  const select = make("select", {
    id: "unit-layer",
    "aria-label": isSmall(net) ? "Unit" : "Layer",
  });
  for (const [i, { l, k }] of units.entries()) {
    select.append(
      make("option", { value: i }, isSmall(net) ? unitName(net, l, k) : layerName(net, l)),
    );
  }
  select.value = units.findIndex(
    ({ l, k }) => l === state.unit.l && (!isSmall(net) || k === state.unit.k),
  );
  select.onchange = () => {
    state.unit = units[select.value];
    fields.querySelector("#unit-number")?.setAttribute("max", net.shape[state.unit.l] - 1);
    if (!isSmall(net)) fields.querySelector("#unit-number").value = 0;
    chooseUnit({ ...state.unit });
  };
  const controls = [select];
  if (!isSmall(net)) controls.push(...unitNumber(net));
  fields.replaceChildren(fields.firstElementChild, make("p", { class: "row" }, ...controls));
}

function unitNumber(net) {
  const { l, k } = state.unit;
  const input = make("input", {
    type: "number",
    id: "unit-number",
    min: 0,
    max: net.shape[l] - 1,
    value: k,
  });
  input.oninput = () => {
    chooseUnit({ l: state.unit.l, k: heldIn(input.value, net.shape[state.unit.l]) });
  };
  input.onchange = () => {
    input.value = state.unit.k;
  };
  return [make("label", { for: "unit-number" }, "unit"), input];
}

/* Of a larger net, the train that is drawn becomes one that this unit is in. */
function chooseUnit({ l, k }) {
  state.unit = { l, k };
  const { net } = state.shown;
  if (isSmall(net)) return refresh();
  const m = net.shape[1];
  if (l === 0)
    return chooseWeight({ l, k, j: strongest(state.back.dc_dW[0].slice(k * m, k * m + m)) });
  const into = Array.from(
    { length: net.shape[l - 1] },
    (_, n) => state.back.dc_dW[l - 1][n * net.shape[l] + k],
  );
  return chooseWeight({ l: l - 1, k: strongest(into), j: k });
}

function refreshPaths() {
  const {
    shown: { net },
    unit: { l, k },
    back,
  } = state;
  const name = unitName(net, l, k);
  if (l === layers(net)) return showOutputUnit(net, k, name);
  const parts = paths(net, back, l, k);
  const order = parts.length > MANY ? bySize(parts) : parts.map((_, j) => j);
  const rows = order.slice(0, MANY).map((j) => ({
    name: `through ${unitName(net, l + 1, j)}`,
    how: `${parameterName(net, { l, k, j })} × dC/dz = ${given(net.W[l][k * net.shape[l + 1] + j])} × ${factor(back.dc_dz[l][j], digits(back.dc_dz[l][j]))}`,
    value: parts[j],
  }));
  const rest = order.slice(MANY).map((j) => parts[j]);
  if (rest.length)
    rows.push({
      name: `through ${whole(rest.length)} others`,
      how: "each smaller than these",
      value: sum(rest),
    });
  const total = sum(parts);
  showBars([
    ...rows,
    { name: `${feltName(net, l, k)}: the sum`, how: "", value: total, sum: true },
  ]);
  const signs = parts.some((v) => v > 0) && parts.some((v) => v < 0);
  byId("paths-hint").textContent =
    (signs ? "The paths disagree in sign, and partly cancel. " : "All paths agree in sign here. ") +
    (l === 0
      ? "An input cannot be trained, but what C feels of it can be computed all the same."
      : `Times the slope of ${name}, this sum is its dC/dz: the next checkpoint back.`);
  say(
    "paths-said",
    `${feltName(net, l, k)} is ${signed(total)}, the sum of ${parts.length} ` +
      (parts.length > 1 ? "paths." : "path."),
  );
}

function showOutputUnit(net, k, name) {
  const { back } = state;
  const last = layers(net) - 1;
  const [value, what] = back.dc_da[last]
    ? [back.dc_da[last][k], feltName(net, last + 1, k)]
    : [back.dc_dz[last][k], `dC/dz of ${name}`];
  const how = `a − y = ${digits(state.pass.a[last + 1][k])} − ${factor(state.y[k])}`;
  showBars([
    {
      name: what,
      how: net.cost === "squared-error" ? `2 (${how.split(" = ")[0]})` : how,
      value,
      sum: true,
    },
  ]);
  byId("paths-hint").textContent = back.dc_da[last]
    ? "An output meshes with C directly: there is one path only. Choose a unit further back."
    : "This cost goes back to z in one step: a − y. There is no separate slope. Choose a unit further back.";
  say("paths-said", `${what} is ${signed(value)}.`);
}

/* Bars from a zero line: to the right and plain if positive, to the left and hatched if negative. */
function showBars(rows) {
  const most = Math.max(...rows.map(({ value }) => Math.abs(value))) || 1;
  byId("bars").replaceChildren(
    ...rows.map(({ name, how, value, sum: isSum }) => {
      const bar = make("span", { class: `fill ${value < 0 ? "minus" : "plus"}` });
      bar.style.width = `${(50 * Math.abs(value)) / most}%`;
      return make(
        "div",
        { class: isSum ? "bar sum" : "bar" },
        make("span", { class: "what" }, name),
        make("span", { class: "amount" }, change(value)),
        make("span", { class: "track", "aria-hidden": "true" }, bar),
        make("span", { class: "why" }, how),
      );
    }),
  );
}

function litPaths() {
  const { net } = state.shown;
  const { l, k } = state.unit;
  const lit = new Set([`a ${l} ${k}`]);
  if (l === layers(net)) lit.add("C");
  else for (let j = 0; j < net.shape[l + 1]; j++) lit.add(`w ${l} ${k} ${j}`).add(`z ${l} ${j}`);
  return lit;
}

// --- Sweep ----------------------------------------------------------------------------------------

const COST_TEXT = {
  "half-squared-error": ["C = ½ Σ (A⁰ − Y)²", "dC/dA⁰ = A⁰ − Y"],
  "squared-error": ["C = Σ (A⁰ − Y)²", "dC/dA⁰ = 2 (A⁰ − Y)"],
};

/* Every step: title, equation, marks of the source lines, the layer and what of it is shown. */
function stepsOf(net) {
  const steps = [];
  const add = (kind, l, title, equation, ...marks) =>
    steps.push({ kind, l, title, equation, marks });
  const last = layers(net) - 1;
  const name = (l, letter) => weightsName(net, l, letter);
  for (let l = 0; l <= last; l++) {
    add(
      "z",
      l,
      `Forwards: the weighted input ${name(l, "Z")}`,
      `${name(l, "Z")} = ${layerName(net, l)} · ${name(l)} + ${name(l, "B")}`,
      "z",
      "b",
    );
    add(
      "a",
      l,
      `Forwards: the activation ${name(l, "A")}`,
      `${name(l, "A")} = ${net.activations[l]}(${name(l, "Z")})`,
      "a",
    );
  }
  const [cost, slope] = COST_TEXT[net.cost] ?? [
    net.activations[last] === "softmax" ? "C = −Σ Y ln A⁰" : "C = −Σ Y ln A⁰ + (1 − Y) ln(1 − A⁰)",
  ];
  add("C", last, "How wrong is it?", cost, "C");
  if (slope) add("dc_da", last, "Backwards: the slope of the cost", slope, "dc_da");
  for (let l = last; l >= 0; l--) {
    if (l === last && !slope)
      add(
        "dc_dz",
        l,
        "Cost and activation in one step: checkpoint",
        "dC/dZ⁰ = A⁰ − Y",
        "dc_da",
        "at_z",
      );
    else {
      add(
        "dc_dz",
        l,
        `Times the slope: checkpoint dC/d${name(l, "Z")}`,
        `dC/d${name(l, "Z")} = dC/d${name(l, "A")} * s′(${name(l, "Z")})`,
        "slope",
        "dc_dz",
      );
    }
    add(
      "dc_dW",
      l,
      `From the checkpoint: the gradient of ${name(l)}`,
      `dC/d${name(l)} = ${layerName(net, l)}ᵀ · dC/d${name(l, "Z")}`,
      "dc_dW",
    );
    add(
      "dc_db",
      l,
      "A bias meshes at ratio 1",
      `dC/d${name(l, "B")} = dC/d${name(l, "Z")}`,
      "dc_db",
    );
    if (l > 0)
      add(
        "paths",
        l,
        "One layer back: a sum over paths",
        `dC/d${layerName(net, l)} = dC/d${name(l, "Z")} · ${name(l)}ᵀ`,
        "paths",
      );
  }
  add("step", 0, "A step downhill, all parameters at once", "W ← W − lr · dC/dW", "step");
  return steps;
}

function refreshSweep() {
  const { net } = state.shown;
  const steps = stepsOf(net);
  state.step = Math.min(state.step, steps.length - 1);
  const step = steps[state.step];
  byId("step-range").max = steps.length - 1;
  byId("step-range").value = state.step;
  byId("step-range").setAttribute("aria-valuetext", `step ${state.step + 1}: ${step.title}`);
  byId("step-back").setAttribute("aria-disabled", state.step === 0);
  byId("step-on").setAttribute("aria-disabled", state.step === steps.length - 1);
  byId("step-said").replaceChildren(
    make("strong", {}, `${state.step + 1} of ${steps.length}. ${step.title}`),
    make("span", { class: "equation" }, step.equation),
  );
  byId("step-numbers").replaceChildren(...stepNumbers(net, step));
  showCode(step.marks);
  byId("sweep-hint").textContent = hintOfTurn();
}

/* The units a step is worked out for: all of a small net, else those of the train that is drawn. */
function unitsShown(net, l) {
  if (isSmall(net)) return Array.from({ length: net.shape[l] }, (_, k) => k);
  const drawn = Array.from(plan.gears.values())
    .filter((g) => g.layer === l && "XA".includes(g.kind))
    .map((g) => g.unit);
  return drawn.length ? drawn : [0];
}

/* The numbers of a step, a line for each unit shown. */
function stepNumbers(net, { kind, l }) {
  const line = (...parts) => make("p", {}, ...parts);
  if (kind === "C") return [line("C = ", number(state.back.C))];
  const out = unitsShown(net, l + 1);
  const from = unitsShown(net, l);
  const lines = (kind === "paths" ? from : out).flatMap((unit) =>
    WORKED[kind](net, l, unit, from, line),
  );
  const all =
    { dc_dW: net.W[l].length, step: net.params.length, paths: net.shape[l] }[kind] ??
    net.shape[l + 1];
  if (lines.length < all)
    lines.push(
      make("p", { class: "why" }, `and ${whole(all - lines.length)} more in the same way`),
    );
  return lines;
}

const WORKED = {
  z(net, l, j, from, line) {
    const m = net.shape[l + 1];
    const terms = from.map((k) => {
      const [w, a] = [net.W[l][k * m + j], state.pass.a[l][k]];
      return `${further(w)} × ${factor(a, digits(a))}`;
    });
    if (from.length < net.shape[l]) terms.push("+ …");
    return [
      line(
        `z of ${unitName(net, l + 1, j)} = ${asSum([...terms, further(net.b[l][j])])} = `,
        number(state.pass.z[l][j]),
      ),
    ];
  },
  a: (net, l, j, _, line) => [
    line(
      `${unitName(net, l + 1, j)} = ${net.activations[l]}(${digits(state.pass.z[l][j])}) = `,
      number(state.pass.a[l + 1][j]),
    ),
  ],
  dc_da(net, l, j, _, line) {
    return [
      line(
        `${feltName(net, l + 1, j)} = ${net.cost === "squared-error" ? "2 × " : ""}(${digits(state.pass.a[l + 1][j])} − ${factor(state.y[j])}) = `,
        change(state.back.dc_da[l][j]),
      ),
    ];
  },
  dc_dz(net, l, j, _, line) {
    const { back, pass, y } = state;
    const how = back.slope[l]
      ? `${digits(back.dc_da[l][j])} × ${digits(back.slope[l][j])}`
      : `${digits(pass.a[l + 1][j])} − ${factor(y[j])}`;
    return [line(`dC/dz of ${unitName(net, l + 1, j)} = ${how} = `, change(back.dc_dz[l][j]))];
  },
  dc_dW: (net, l, j, from, line) =>
    from.map((k) =>
      line(
        `dC/d${parameterName(net, { l, k, j })} = ${digits(state.pass.a[l][k])} × ${factor(state.back.dc_dz[l][j], digits(state.back.dc_dz[l][j]))} = `,
        change(state.back.dc_dW[l][k * net.shape[l + 1] + j]),
      ),
    ),
  dc_db: (net, l, j, _, line) => [
    line(`dC/d${parameterName(net, { l, k: null, j })} = `, change(state.back.dc_db[l][j])),
  ],
  paths(net, l, k, _, line) {
    const parts = paths(net, state.back, l, k);
    const most = parts.length <= 3 ? parts : bySize(parts).map((j) => parts[j]);
    const terms = most.slice(0, parts.length <= 3 ? 3 : 2).map((v) => further(v, digits(v)));
    if (terms.length < parts.length) terms.push(`+ … (${parts.length} paths)`);
    return [line(`${feltName(net, l, k)} = ${asSum(terms)} = `, change(sum(parts)))];
  },
  step(net, _, j, __, line) {
    const all = isSmall(net) ? parametersOf(net) : [state.weight];
    const stepped = (p) => {
      const i = indexOf(net, p.l, p.k, p.j);
      const gradient = (p.k === null ? state.back.dc_db[p.l] : state.back.dc_dW[p.l])[
        p.k === null ? p.j : p.k * net.shape[p.l + 1] + p.j
      ];
      return line(
        `${parameterName(net, p)} = ${given(net.params[i])} − ${given(state.shown.lr)} × ${factor(gradient, digits(gradient))} = `,
        number(net.params[i] - state.shown.lr * gradient),
      );
    };
    return j === unitsShown(net, 1)[0] ? all.map(stepped) : [];
  },
};

function showCode(marks) {
  byId("code").replaceChildren(
    ...CONTENT.code.map(({ name, lines }) =>
      make(
        "pre",
        {},
        make("span", { class: "function" }, `${name}\n`),
        ...lines.map(({ text, mark }) => {
          const lit = marks.includes(mark);
          const line = make(
            lit ? "mark" : "span",
            { class: "line" },
            `${lit ? "▸" : " "} ${text}\n`,
          );
          line.style.setProperty("--indent", `${text.search(/\S/) + 6}ch`); // where a broken line goes on
          return line;
        }),
      ),
    ),
  );
  const first = byId("code").querySelector("mark");
  if (first) byId("code").scrollTop = first.offsetTop - byId("code").clientHeight / 2;
}

function litStep() {
  const { net } = state.shown;
  const { kind, l } = stepsOf(net)[state.step];
  const { gears } = plan;
  const all = (letter, layer) =>
    Array.from(gears.keys()).filter((id) => id.startsWith(`${letter} ${layer} `));
  return new Set(
    {
      z: () => [...all("a", l), ...all("w", l), ...all("b", l), ...all("z", l)],
      a: () => [...all("z", l), ...all("a", l + 1)],
      C: () => [...all("a", l + 1), "C"],
      dc_da: () => [...all("a", l + 1), "C"],
      dc_dz: () => [...all("a", l + 1), ...all("z", l)],
      dc_dW: () => [...all("a", l), ...all("w", l), ...all("z", l)],
      dc_db: () => [...all("b", l), ...all("z", l)],
      paths: () => [...all("a", l), ...all("w", l), ...all("z", l)],
      step: () => Array.from(gears.keys()).filter((id) => "wb".includes(id[0])),
    }[kind](),
  );
}

/* A Z gear has its flag once dC/dz is saved: in the Sweep from that step on, elsewhere always. */
function flagIsUp({ layer }) {
  if (state.tab !== "sweep") return true;
  return (
    state.step >=
    stepsOf(state.shown.net).findIndex(({ kind, l }) => kind === "dc_dz" && l === layer)
  );
}

function stepTo(step) {
  state.step = Math.min(Math.max(step, 0), stepsOf(state.shown.net).length - 1);
  refresh();
}

function wirePanels() {
  byId("step-back").onclick = () => stepTo(state.step - 1);
  byId("step-on").onclick = () => stepTo(state.step + 1);
  byId("step-range").oninput = (event) => stepTo(+event.target.value);
}
