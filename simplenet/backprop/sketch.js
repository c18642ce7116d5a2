/* The panel Draw: a digit of your own, what the net makes of it, and training on it.

   It has a copy of the net, so that what is learned here changes nothing elsewhere.
*/
"use strict";

const MOST_OUTPUTS = 12; // shown as bars
const PEN = 22; // how wide, on a canvas of 280

const sketch = {
  net: null, // a copy, which learns
  x: null,
  y: null,
  pass: null,
  back: null,
  costs: [], // C before the first step and after each, of this x and y
  learned: 0, // steps since the net was copied
  refusal: "", // why no step was taken
  drawn: false, // is x a drawing?
  aimed: false, // has the reader said what the drawing should be?
  pen: { x: 140, y: 60, down: false },
};

// --- pictures -------------------------------------------------------------------------------------

/* Paint values in [0, 1], white on black as the net has them; null is nothing at all. */
function paintGrey(canvas, values, [rows, columns]) {
  filled(canvas, { width: columns, height: rows }, []);
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  values?.forEach((v, i) => image.data.set([v * 255, v * 255, v * 255, 255], 4 * i));
  context.putImageData(image, 0, 0);
}

/* Paint signed values: darker further from 0, and hatched where negative. */
function paintHeat(canvas, values, [rows, columns]) {
  const cell = Math.max(8, Math.floor(224 / columns)); // in pixels of the canvas
  filled(canvas, { width: columns * cell, height: rows * cell }, []);
  const context = canvas.getContext("2d");
  const most = values.reduce((m, v) => Math.max(m, Math.abs(v)), 0) || 1;
  context.lineWidth = cell / 8;
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  values.forEach((v, i) => {
    const [x, y] = [(i % columns) * cell, Math.floor(i / columns) * cell];
    const share = Math.abs(v) / most;
    context.fillStyle = v < 0 ? `rgba(178, 74, 16, ${share})` : `rgba(26, 86, 168, ${share})`;
    context.fillRect(x, y, cell, cell);
    if (v < 0 && share > 0.04) {
      context.strokeStyle =
        share > 0.45 ? "rgba(255, 255, 255, .8)" : `rgba(110, 40, 0, ${0.35 + share})`;
      context.beginPath();
      context.moveTo(x, y + cell);
      context.lineTo(x + cell, y);
      context.stroke();
    }
  });
}

/* A heat map with its extremes in words; for inputs that are no picture, the words alone. */
function showHeat(id, values, size, what) {
  const parts = [];
  if (size) {
    const canvas = make("canvas", {
      class: "pixels heat",
      role: "img",
      "aria-label": `${what}, as a picture`,
    });
    paintHeat(canvas, values, size);
    parts.push(canvas);
  }
  const order = values.length > 6 ? bySize(values) : Array.from(values, (_, i) => i);
  const place = (i) =>
    size
      ? `row ${Math.floor(i / size[1])}, column ${i % size[1]}`
      : isSmall(sketch.net)
        ? `x${i + 1}`
        : `input ${i}`;
  const lines = order
    .slice(0, size ? 1 : 6)
    .map((i) => make("span", { class: "line" }, `${place(i)}: `, change(values[i])));
  parts.push(make("p", { class: "why" }, size ? "strongest at " : "", ...lines));
  byId(id).replaceChildren(...parts);
}

/* For a weight of the first layer, in the Turn panel: its pixel, and the gradients around it. */
function showPicked() {
  const {
    shown: { net, size },
    weight: { l, k, j },
    x,
    back,
  } = state;
  byId("picked").hidden = !size || l > 0 || k === null;
  if (byId("picked").hidden) return;
  const [rows, columns] = size;
  const small = make("canvas");
  paintGrey(small, x, size);
  paintHeat(
    byId("picked-heat"),
    Float64Array.from(x, (_, i) => back.dc_dW[0][i * net.shape[1] + j]),
    size,
  );
  const { width, height } = byId("picked-heat");
  filled(byId("picked-pixel"), { width, height }, []);
  const context = byId("picked-pixel").getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, width, height);
  for (const on of [context, byId("picked-heat").getContext("2d")])
    markPixel(on, k % columns, Math.floor(k / columns), width / columns);
  byId("picked-pixel").onclick = ({ offsetX, offsetY, target }) => {
    const at = (offset, shown, n) => heldIn((offset / shown) * n, n);
    chooseWeight({
      l,
      k:
        at(offsetY, target.clientHeight, rows) * columns + at(offsetX, target.clientWidth, columns),
      j,
    });
  };
  byId("picked-cap").textContent =
    `dC/dW of the weights from every pixel into ${unitName(net, 1, j)}: the pixel, times one dC/dz. ` +
    "Hatched means negative.";
}

function markPixel(context, column, row, cell) {
  for (const [style, width] of [
    ["#000000", 4],
    ["#ffd34d", 2],
  ]) {
    Object.assign(context, { strokeStyle: style, lineWidth: width });
    context.strokeRect(column * cell - 1, row * cell - 1, cell + 2, cell + 2);
  }
}

// --- the net that learns --------------------------------------------------------------------------

function isDrawable({ size, shape }) {
  return Boolean(size) && size[0] === size[1] && size[0] * size[1] === shape[0];
}

/* A net has been chosen: copy it, offer its classes, and start from the sample at hand. */
function openSketch() {
  const { shown } = state;
  sketch.net = netAround(shown, shown.net.params);
  sketch.learned = 0;
  byId("drawing").hidden = !isDrawable(shown);
  byId("seen-card").hidden = byId("hatched").hidden = !shown.size;
  byId("draw-title").textContent = isDrawable(shown) ? "Draw, and let it learn" : "Let it learn";
  byId("draw-intro").textContent = isDrawable(shown)
    ? `Draw${shown.shape[layers(shown.net)] === 10 ? " a digit" : ""}, or choose an image above. ` +
      "Say what it should be, take a training step, and watch C fall. Notice where C feels each pixel."
    : "Take a training step and watch C fall. All parameters move at once, each against its own gradient.";
  const m = shown.shape[layers(shown.net)];
  byId("target").replaceChildren(
    ...Array.from({ length: m }, (_, j) => make("option", { value: j }, String(j))),
  );
  byId("hidden-unit").max = shown.shape[1] - 1;
  byId("hidden-unit").value = 0;
  byId("lr").value = shown.lr;
  byId("lr").removeAttribute("aria-invalid");
  clearCanvas();
  sketchSample();
  if (!isSmall(shown.net)) byId("hidden-unit").value = strongest(sketch.back.dc_dz[0]);
  refreshSketch();
}

/* Show the net the sample that is chosen above. */
function sketchSample() {
  const { x, y } = state;
  byId("target-row").hidden = y.length < 2 || !isOneHot(y);
  if (isOneHot(y)) byId("target").value = y.indexOf(1);
  byId("target-note").textContent = "";
  byId("seen-hint").textContent = state.shown.size ? "the chosen image" : "";
  sketch.drawn = false;
  showSketch(x, y);
}

/* Show the net an input, or nothing: null. */
function showSketch(x, y) {
  Object.assign(sketch, { x, y, costs: [], refusal: "" });
  if (x) {
    passSketch();
    sketch.costs = [sketch.back.C];
  }
  refreshSketch();
}

function passSketch() {
  sketch.pass = forward(sketch.net, sketch.x);
  sketch.back = backward(sketch.net, sketch.pass, sketch.y);
}

function learn(steps) {
  const lr = byId("lr").valueAsNumber; // NaN if there is none
  const wrong = !(lr >= 0);
  byId("lr").setAttribute("aria-invalid", wrong);
  sketch.refusal = wrong ? "the learning rate must be a number, 0 or more." : "";
  for (let i = 0; i < steps && sketch.x && !sketch.refusal; i++) takeStep(lr);
  refreshSketch();
}

function takeStep(lr) {
  const before = sketch.net.params.slice();
  optimize(sketch.net, gradients(sketch.back), lr);
  passSketch();
  if (Number.isFinite(sketch.back.C) && gradients(sketch.back).every(Number.isFinite)) {
    sketch.costs.push(sketch.back.C);
    sketch.learned += 1;
    return;
  }
  sketch.net.params.set(before);
  passSketch();
  sketch.refusal = "it would lead to numbers too large to compute with.";
}

function forget() {
  sketch.learned = 0;
  sketch.net = netAround(state.shown, state.shown.net.params);
  showSketch(sketch.x, sketch.y);
}

function aim() {
  sketch.aimed = true;
  byId("target-note").textContent = "";
  showSketch(sketch.x, targetChosen());
}

const targetChosen = () => Float64Array.from(state.y, (_, j) => +(j === +byId("target").value));

// --- what it shows --------------------------------------------------------------------------------

function refreshSketch() {
  const { net, x, back, costs } = sketch;
  const { size } = state.shown;
  if (size) paintGrey(byId("seen"), x, size);
  tellLearning();
  showCurve(costs);
  if (!x) {
    byId("outputs-cap").textContent = "Outputs: none, for it sees nothing";
    for (const id of ["outputs", "heat-w", "heat-x"]) byId(id).replaceChildren();
    return;
  }
  showOutputs();
  const [n, m] = net.shape;
  const unit = heldIn(byId("hidden-unit").value, m);
  showHeat(
    "heat-w",
    Float64Array.from({ length: n }, (_, k) => back.dc_dW[0][k * m + unit]),
    size,
    `dC/dW into unit ${unit}`,
  );
  showHeat("heat-x", back.dc_dx, size, "dC/dx");
}

/* In words: C, how many steps the net has learned, and what those on this x and y have changed. */
function tellLearning() {
  const { x, back, costs, learned, refusal } = sketch;
  const said = refusal ? [make("strong", {}, `No step taken: ${refusal}`), " "] : [];
  for (const id of ["learn", "learn-ten"]) byId(id).setAttribute("aria-disabled", !x);
  if (!x) return byId("learn-said").replaceChildren(...said, "There is nothing to learn from.");
  const steps = costs.length - 1;
  const here = `, ${whole(steps)} of them on this ${state.shown.size ? "picture" : "sample"} and target`;
  said.push(
    "C = ",
    number(back.C),
    ` after ${whole(learned)} training step${learned === 1 ? "" : "s"}`,
    steps < learned ? here : "",
    ...(steps ? [steps < learned ? ": " : ", ", change(back.C - costs[0]), " in all."] : ["."]),
  );
  if (steps && !byId("lr").valueAsNumber && !refusal)
    said.push(" At a learning rate of 0 nothing moves.");
  else if (back.C > costs[steps - 1])
    said.push(" It rose: too large a step for the ratios to be true all the way.");
  return byId("learn-said").replaceChildren(...said);
}

function showOutputs() {
  const a = Array.from(sketch.pass.a[layers(sketch.net)]);
  const target = isOneHot(sketch.y) && a.length > 1 ? sketch.y.indexOf(1) : -1;
  let order = a.map((_, j) => j);
  if (a.length > MOST_OUTPUTS) {
    order.sort((i, j) => a[j] - a[i]);
    order = order.filter((j, place) => place < MOST_OUTPUTS || j === target);
  }
  const top = greatestOf(a);
  const most = Math.max(1, ...a.map(Math.abs));
  byId("outputs-cap").textContent =
    "Outputs" +
    (a.length > MOST_OUTPUTS ? `, the largest of ${a.length}` : "") +
    (a.length > 1 && target >= 0 ? `: it reads ${top} (◂ what it should be)` : "");
  byId("outputs").replaceChildren(
    ...order.map((j) => {
      const fill = make("span", { class: `fill ${a[j] < 0 ? "minus" : "plus"}` });
      fill.style.width = `${(100 * Math.abs(a[j])) / most}%`;
      const aimed = target < 0 ? `, y ${short(sketch.y[j])}` : j === target ? " ◂" : "";
      return make(
        "div",
        { class: `output ${target < 0 ? "pair" : j === top ? "top" : ""}` },
        make(
          "span",
          {},
          isSmall(sketch.net) ? unitName(sketch.net, layers(sketch.net), j) : String(j),
        ),
        make("span", { class: "track", "aria-hidden": "true" }, fill),
        make(
          "span",
          {},
          number(a[j], target < 0 ? digits(a[j]) : a[j].toFixed(4).replace("-", "−")),
          aimed,
        ),
      );
    }),
  );
}

function showCurve(costs) {
  const top = Math.max(...costs, 0) || 1;
  const shown = costs.slice(-200);
  const at = (c, i) =>
    `${(4 + (292 * i) / Math.max(shown.length - 1, 10)).toFixed(1)} ${(66 - (60 * c) / top).toFixed(1)}`;
  byId("curve").replaceChildren(
    draw("path", { class: "ground", d: "M4 66H296" }),
    ...(shown.length > 1 ? [draw("polyline", { points: shown.map(at).join(" ") })] : []),
    ...shown.map((c, i) =>
      draw("circle", {
        cx: at(c, i).split(" ")[0],
        cy: at(c, i).split(" ")[1],
        r: shown.length > 40 ? 1 : 2.5,
      }),
    ),
  );
}

// --- drawing --------------------------------------------------------------------------------------

const ink = () => byId("canvas").getContext("2d", { willReadFrequently: true });

/* White paper, so that the saved PNG is what `simplenet predict` expects of a photograph. */
function clearCanvas() {
  const context = ink();
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, 280, 280);
}

function stroke(from, to) {
  const context = ink();
  context.fillStyle = context.strokeStyle = "#000000";
  context.lineWidth = PEN;
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  if (from.x === to.x && from.y === to.y) {
    context.arc(to.x, to.y, PEN / 2, 0, 2 * Math.PI); // a line of no length would leave no ink
    return context.fill();
  }
  context.moveTo(from.x, from.y);
  context.lineTo(to.x, to.y);
  return context.stroke();
}

/* Prepare the drawing as `simplenet predict` would, and show it to the net.

   What it should be is at first what the net reads: a step must not teach it a class that nobody
   has chosen for this drawing. */
function readDrawing() {
  const { data } = ink().getImageData(0, 0, 280, 280);
  const pixels = prepare(data, 280, 280, state.shown.size[0]);
  if (!sketch.drawn) Object.assign(sketch, { drawn: true, aimed: false });
  if (!pixels) {
    byId("target-note").textContent = "";
    byId("seen-hint").textContent =
      "no strokes to be seen: it takes dark ones, with white paper around them";
    return showSketch(null, sketch.y);
  }
  byId("seen-hint").textContent =
    "your drawing, prepared as simplenet predict does it: cropped, scaled, centred";
  const x = Float64Array.from(pixels, (v) => v / 255);
  if (byId("target-row").hidden) return showSketch(x, state.y);
  if (!sketch.aimed) {
    byId("target").value = greatestOf(forward(sketch.net, x).a[layers(sketch.net)]);
    byId("target-note").textContent =
      "That is what the net reads. Did you mean another? Choose it.";
  }
  return showSketch(x, targetChosen());
}

const greatestOf = (values) => values.indexOf(Math.max(...values));

function placeOf({ clientX, clientY }) {
  const box = byId("canvas").getBoundingClientRect();
  return {
    x: ((clientX - box.left) * 280) / box.width,
    y: ((clientY - box.top) * 280) / box.height,
  };
}

function onPen(event) {
  const { pen } = sketch;
  if (event.type === "pointerdown") {
    if (event.button || pen.drawing) return; // a second finger draws nothing
    byId("canvas").setPointerCapture(event.pointerId);
    Object.assign(pen, placeOf(event), { drawing: true, id: event.pointerId });
    stroke(pen, pen);
  } else if (!pen.drawing || event.pointerId !== pen.id) {
    return;
  } else if (event.type === "pointermove") {
    const to = placeOf(event);
    stroke(pen, to);
    Object.assign(pen, to);
  } else {
    pen.drawing = false;
    readDrawing();
  }
}

function onPenKey(event) {
  const { pen } = sketch;
  const far = event.shiftKey ? 2 : 10;
  const by = {
    ArrowLeft: [-far, 0],
    ArrowRight: [far, 0],
    ArrowUp: [0, -far],
    ArrowDown: [0, far],
  }[event.key];
  if (!by && event.key !== " ") return;
  event.preventDefault();
  if (event.key === " ") pen.down = !pen.down;
  const hold = (v) => Math.min(Math.max(v, 0), 280);
  const to = by ? { x: hold(pen.x + by[0]), y: hold(pen.y + by[1]) } : { x: pen.x, y: pen.y };
  if (pen.down) stroke(pen, to);
  Object.assign(pen, to);
  showPen();
  if (pen.down) readDrawing();
}

function showPen() {
  const { x, y, down } = sketch.pen;
  byId("pen").style.left = `${(100 * x) / 280}%`;
  byId("pen").style.top = `${(100 * y) / 280}%`;
  byId("pen").classList.toggle("down", down);
  say(
    "pen-said",
    `pen ${down ? "down" : "up"}, column ${Math.round(x)}, row ${Math.round(y)} of 280`,
  );
}

function save() {
  byId("canvas").toBlob((blob) => {
    const link = make("a", { href: URL.createObjectURL(blob), download: "drawing.png" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
}

function wireSketch() {
  const canvas = byId("canvas");
  for (const type of ["pointerdown", "pointermove", "pointerup", "pointercancel"])
    canvas.addEventListener(type, onPen);
  canvas.addEventListener("keydown", onPenKey);
  canvas.addEventListener("focus", showPen);
  byId("clear").onclick = () => {
    clearCanvas();
    sketch.pen.down = false;
    sketchSample();
  };
  byId("save").onclick = save;
  byId("target").onchange = aim;
  byId("learn").onclick = () => learn(1);
  byId("learn-ten").onclick = () => learn(10);
  byId("forget").onclick = forget;
  byId("hidden-unit").oninput = refreshSketch;
  byId("hidden-unit").onchange = ({ target }) => {
    target.value = heldIn(target.value, state.shown.shape[1]);
  };
  byId("lr").oninput = () => {
    sketch.refusal = "";
    byId("lr").removeAttribute("aria-invalid");
    tellLearning();
  };
}
