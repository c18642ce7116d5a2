/* Draw lists of numbers as small pictures: images, heat maps, bars, a curve. */

import { bySize, indexOfGreatest, isOneHot } from "./arrays.mjs";
import { digits, short } from "./format.mjs";
import { isSmall, layers, unitName } from "./names.mjs";
import { byId, change, draw, make, number, setAttributes } from "./dom.mjs";
import { className } from "./samples.mjs";

// --- images -------------------------------------------------------------------------------------

/* Paint values in [0, 1], white on black as the net has them; null is nothing at all. */
export function paintGrey(canvas, values, [rows, columns]) {
  setAttributes(canvas, { width: columns, height: rows });
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  values?.forEach((v, i) => image.data.set([v * 255, v * 255, v * 255, 255], 4 * i));
  context.putImageData(image, 0, 0);
}

/* Paint signed values: darker further from 0, and hatched where negative. */
export function paintHeat(canvas, values, [rows, columns]) {
  const cell = Math.max(8, Math.floor(224 / columns)); // in pixels of the canvas
  setAttributes(canvas, { width: columns * cell, height: rows * cell });
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

/* Frame one pixel of an image that is drawn with so large cells. */
export function markPixel(context, column, row, cell) {
  for (const [style, width] of [
    ["#000000", 4],
    ["#ffd34d", 2],
  ]) {
    Object.assign(context, { strokeStyle: style, lineWidth: width });
    context.strokeRect(column * cell - 1, row * cell - 1, cell + 2, cell + 2);
  }
}

/* Show a heat map with its extremes in words; for inputs that are no picture, the words alone. */
export function showHeat(id, net, values, size, what) {
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
      : isSmall(net)
        ? `x${i + 1}`
        : `input ${i}`;
  const lines = order
    .slice(0, size ? 1 : 6)
    .map((i) => make("span", { class: "line" }, `${place(i)}: `, change(values[i])));
  parts.push(make("p", { class: "why" }, size ? "strongest at " : "", ...lines));
  byId(id).replaceChildren(...parts);
}

// --- bars and a curve ---------------------------------------------------------------------------

/* Show bars from a zero line: to the right if positive, to the left and hatched if negative. */
export function showBars(rows) {
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

const MOST_OUTPUTS = 12; // shown as bars
const fixed = (v) => v.toFixed(4).replace("-", "−");

/* What a net makes of an input: a bar for each of its outputs, beside what it should be. */
export function showOutputs(shown, net, outputs, y) {
  const a = Array.from(outputs);
  const target = isOneHot(y) && a.length > 1 ? y.indexOf(1) : -1;
  let order = a.map((_, j) => j);
  if (a.length > MOST_OUTPUTS) {
    order.sort((i, j) => a[j] - a[i]);
    order = order.filter((j, place) => place < MOST_OUTPUTS || j === target);
  }
  const top = indexOfGreatest(a);
  const most = Math.max(1, ...a.map(Math.abs));
  byId("outputs-cap").textContent =
    "Outputs" +
    (a.length > MOST_OUTPUTS ? `, the largest of ${a.length}` : "") +
    (a.length > 1 && target >= 0 ? `: it reads ${className(shown, top)} (◂ what it should be)` : "");
  byId("outputs").replaceChildren(
    ...order.map((j) => {
      const fill = make("span", { class: `fill ${a[j] < 0 ? "minus" : "plus"}` });
      fill.style.width = `${(100 * Math.abs(a[j])) / most}%`;
      const wanted = target < 0 ? `, y ${short(y[j])}` : j === target ? " ◂" : "";
      return make(
        "div",
        { class: j === top && target >= 0 ? "output top" : "output" },
        make("span", {}, isSmall(net) ? unitName(net, layers(net), j) : className(shown, j)),
        make("span", { class: "track", "aria-hidden": "true" }, fill),
        make(
          "span",
          {},
          number(a[j], target < 0 || Math.abs(a[j]) >= 100 ? digits(a[j]) : fixed(a[j])),
          wanted,
        ),
      );
    }),
  );
}

/* C after each training step. */
export function showCurve(costs) {
  const top = Math.max(...costs, 0) || 1;
  const shown = costs.slice(-200);
  const at = (c, i) => [
    (4 + (292 * i) / Math.max(shown.length - 1, 10)).toFixed(1),
    (66 - (48 * c) / top).toFixed(1), // below the words
  ];
  const points = shown.map((c, i) => at(c, i).join(" ")).join(" ");
  const last = costs.length - 1;
  byId("curve").replaceChildren(
    draw("path", { class: "ground", d: "M4 2V66H296" }),
    ...(costs.length
      ? [
          draw(
            "text",
            { x: 296, y: 11, "text-anchor": "end" },
            `C, up to ${digits(top, 3)}` + (last > 0 ? `; ${last} step${last > 1 ? "s" : ""}` : ""),
          ),
        ]
      : []),
    ...(shown.length > 1 ? [draw("polyline", { points })] : []),
    ...shown.map((c, i) => {
      const [cx, cy] = at(c, i);
      return draw("circle", { cx, cy, r: shown.length > 40 ? 1 : 2.5 });
    }),
  );
}
