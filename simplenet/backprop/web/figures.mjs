/* The five figures within the text: a question, then a slider that moves what was a still. */

import { whenParsed } from "./dom.mjs";
import { bandPath, transform } from "./scene.mjs";
import { feeling, pullPath, standsAt } from "./machinery.mjs";

const TURNING = 1600; // milliseconds from a prediction to its end
const INVITED = "Choose an answer, or drag: the slider, or the picture itself.";
const fixed = (value, places = 3) => value.toFixed(places).replace("-", "\u2212");
const withSign = (value, places = 3) => (value < 0 ? "" : "+") + fixed(value, places);

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/* --- what each figure says ---------------------------------------------------------------------- */

function said(figure, at, felt) {
  const { name, spec, start } = figure;
  const turn = at[spec.slider.name] - start[spec.slider.name];
  if (name === "mesh") {
    const rise = at.p - start.p;
    const ratio = Math.abs(turn) < 1e-9 ? "" : `: ${fixed(rise / turn)} for each 1`;
    return `w turned by ${withSign(turn)}, p rose by ${withSign(rise)}${ratio}.`;
  }
  if (name === "product") {
    const [really, ratio] = [at.C - start.C, spec.predicts.C];
    return (
      `w5 turned by ${withSign(turn)}: for C the product of the ratios predicts ` +
      `${withSign(turn * ratio, 4)}; it rose by ${withSign(really, 4)}.`
    );
  }
  if (name === "fork") {
    const [one, other] = [felt["lever 5 h1"], felt["lever 7 h1"]];
    return `${withSign(one, 4)} through w5, ${withSign(other, 4)} through w7: h1 feels ${withSign(one + other, 4)}.`;
  }
  if (name === "sweep") return spec.says[figure.value];
  return (
    `a is ${fixed(at.a)}, the slope ${fixed(at.slope)}. z feels ${fixed(at.squared)} with the squared ` +
    `error, ${fixed(at.entropy)} with cross-entropy.`
  );
}

/* Add what the bars show to where everything stands. */
function measured({ name, spec, start }, at) {
  if (name === "product") {
    const turn = at.w1 - start.w1;
    const moved = Object.entries(spec.predicts).flatMap(([value, ratio]) => [
      [value, at[value] - start[value]],
      [`~${value}`, turn * ratio],
    ]);
    return { bars: Object.fromEntries(moved), numbers: {} };
  }
  if (name !== "saturation") return { bars: {}, numbers: {} };
  const slope = at.a * (1 - at.a);
  const numbers = { error: at.a, slope, squared: at.a * slope, entropy: at.a };
  return { bars: numbers, numbers };
}

/* --- moving ------------------------------------------------------------------------------------- */

function show(figure, value) {
  const { spec, svg } = figure;
  const all = (name) => svg.querySelectorAll(`[data-${name}]`);
  figure.value = value;
  const set = { ...spec.set, ...(spec.slider.name && { [spec.slider.name]: value }) };
  const at = standsAt(spec.parts ?? [], set);
  figure.start ??= at;
  const felt = feeling(spec.parts ?? [], at);
  const { bars, numbers } = measured(figure, at);
  for (const body of all("b")) body.setAttribute("transform", transform(spec.bodies[body.dataset.b], at));
  for (const band of all("band")) band.setAttribute("d", bandPath(spec.bands[band.dataset.band], at));
  for (const text of all("v")) {
    text.textContent = text.textContent.replace(/\S+$/, fixed(at[text.dataset.v]));
  }
  for (const text of all("g")) text.textContent = withSign(felt[text.dataset.g], 6);
  for (const text of all("n")) text.textContent = fixed(numbers[text.dataset.n]);
  for (const arrow of all("pull")) {
    const words = arrow.dataset.pull.split(" ");
    const [x, y, scale] = words.slice(-3).map(Number);
    arrow.setAttribute("d", pullPath(x, y, felt[words.slice(0, -3).join(" ")], scale));
  }
  for (const bar of all("bar")) {
    const [name, x, y, scale] = bar.dataset.bar.split(" ");
    const length = bars[name] * scale;
    bar.setAttribute("d", `M${x} ${y}h${length}v13h${-length}z`);
  }
  for (const part of all("s")) {
    part.classList.toggle("unlit", part.dataset.s > value);
    part.classList.toggle("b", +part.dataset.s === value);
  }
  for (const mark of all("rest")) mark.classList.toggle("unlit", figure.turned);
  const wide = svg.closest(".wide");
  if (wide && value) {
    // Where the pass back is, and not the whole net, is in view on a telephone.
    const part = 1 - Math.floor((value - 1) / 2) / 2;
    wide.scrollLeft = part * (wide.scrollWidth - wide.clientWidth);
  }
  figure.slider.value = value;
  const untouched = !figure.turned && spec.slider.drag;
  figure.output.textContent = untouched ? INVITED : said(figure, { ...at, ...numbers }, felt);
  figure.slider.setAttribute("aria-valuetext", figure.output.textContent);
}

function moveTo(figure, value) {
  cancelAnimationFrame(figure.frame);
  figure.turned = true;
  figure.slider.value = value; // which keeps it between its ends
  show(figure, +figure.slider.value);
}

function slideTo(figure, to) {
  cancelAnimationFrame(figure.frame);
  figure.turned = true;
  const from = figure.value === to ? figure.first : figure.value;
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return show(figure, to);
  const began = performance.now();
  const steps = figure.name === "sweep";
  const step = (now) => {
    const part = Math.min(1, Math.max(0, now - began) / (steps ? 3 * TURNING : TURNING));
    const eased = steps ? part : part * part * (3 - 2 * part);
    const value = from + (to - from) * eased;
    show(figure, part === 1 ? to : steps ? Math.floor(value) : value);
    if (part < 1) figure.frame = requestAnimationFrame(step);
  };
  figure.frame = requestAnimationFrame(step);
}

function predict(figure, box, chosen) {
  const right = chosen === +box.dataset.right;
  for (const [i, label] of box.querySelectorAll(".options label").entries()) {
    label.classList.toggle("right", i === +box.dataset.right);
    label.classList.toggle("wrong", i === chosen && !right);
  }
  const answer = box.querySelector("details");
  answer.querySelector("summary").textContent = right ? "Yes." : "No: watch it.";
  answer.open = true;
  slideTo(figure, figure.spec.slider.to);
}

/* What is drawn can be dragged, too: the pin of a lever, or the plate of a cam, goes with the finger. */
function wireDrag(figure) {
  const { svg } = figure;
  svg.classList.add("drag");
  svg.onpointerdown = ({ button, clientX, pointerId }) => {
    if (button) return;
    svg.setPointerCapture(pointerId);
    const pixels = (figure.spec.slider.drag * svg.clientWidth) / svg.viewBox.baseVal.width;
    const from = figure.value;
    svg.onpointermove = (event) => {
      const by = event.clientX - clientX;
      // A finger that scrolls goes a little aside, too.
      if (figure.value !== from || Math.abs(by) > 3) moveTo(figure, from + by / pixels);
    };
  };
  svg.onpointerup = svg.onpointercancel = () => (svg.onpointermove = null);
}

/* Make one figure live; without this it is a picture with an answer. */
function mount(box) {
  const name = box.dataset.live;
  const spec = JSON.parse(box.dataset.spec);
  const { slider } = spec;
  const svg = box.querySelector("svg");
  const options = box.querySelector(".options");
  const choices = Array.from(options.children, (item, i) => {
    const radio = element("input", { type: "radio", name: `predict-${name}` });
    const label = element("label", {}, radio, element("span", {}, ...item.childNodes));
    radio.onchange = () => predict(figure, box, i);
    return label;
  });
  options.replaceWith(
    element("fieldset", { class: "options" }, element("legend", { class: "unseen" }, "Predict"), ...choices),
  );
  const { min, max, step, says } = slider;
  const range = element("input", { type: "range", min, max, step, "aria-label": says });
  const output = element("output", {});
  const first = name === "sweep" ? 0 : spec.set[slider.name];
  const figure = { name, spec, svg, slider: range, output, first, turned: false, frame: 0 };
  range.oninput = () => moveTo(figure, range.value);
  const row = element("p", { class: "turning" }, element("span", {}, says), range);
  (svg.closest(".wide") ?? svg).after(row, element("p", { class: "read" }, output));
  if (slider.drag) wireDrag(figure);
  show(figure, first);
}

whenParsed(() => {
  for (const box of document.querySelectorAll("figure[data-live]")) mount(box);
});
