/* The panel Sweep: the order in which gradients are found. */

import { bySize, clampedIndex, sum } from "./arrays.mjs";
import { indexOf, paths } from "./network.mjs";
import { asSum, digits, factor, further, given, integer } from "./format.mjs";
import { gradientName, isSmall, parameterName, parametersOf, unitName } from "./names.mjs";
import { byId, change, make, number } from "./dom.mjs";
import { play, stop } from "./player.mjs";
import { CODE } from "./content.mjs";
import { chooseStep, state } from "./state.mjs";
import { stepsOf } from "./steps.mjs";

export function refreshSweep() {
  const { net } = state;
  const steps = stepsOf(net);
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
}

/* The learning rate that is set, or the one that this net came with. */
export const rateNow = () => (byId("lr").valueAsNumber >= 0 ? byId("lr").valueAsNumber : state.shown.lr);

/* Return the units that a step is worked out for: of a larger net, those that are drawn. */
function unitsShown(net, l) {
  if (isSmall(net)) return Array.from({ length: net.shape[l] }, (_, k) => k);
  return state.route[l];
}

/* Return the numbers of a step, a line for each unit shown. */
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
      make("p", { class: "why" }, `and ${integer(all - lines.length)} more in the same way`),
    );
  return lines;
}

/* For each kind of step, the lines that work it out for unit j (for `paths`, k) of a layer. */
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
    const twice = net.cost === "squared-error" ? "2 × " : "";
    const a = state.pass.a[l + 1][j];
    return [
      line(
        `${gradientName(net, l + 1, j)} = ${twice}(${digits(a)} − ${factor(state.y[j])}) = `,
        change(state.back.dc_da[l][j]),
      ),
    ];
  },
  dc_dz(net, l, j, _, line) {
    const { back, pass, y } = state;
    const how = back.slope[l]
      ? `${digits(back.dc_da[l][j])} × ${digits(back.slope[l][j])}`
      : net.cost === "cross-entropy"
        ? `${digits(pass.a[l + 1][j])} − ${factor(y[j])}`
        : `${digits(pass.a[l + 1][j])} × (its error − the mean error)`;
    return [line(`dC/dz of ${unitName(net, l + 1, j)} = ${how} = `, change(back.dc_dz[l][j]))];
  },
  dc_dW(net, l, j, from, line) {
    const { pass, back } = state;
    const checkpoint = back.dc_dz[l][j];
    return from.map((k) => {
      const product = `${digits(pass.a[l][k])} × ${factor(checkpoint, digits(checkpoint))}`;
      return line(
        `dC/d${parameterName(net, { l, k, j })} = ${product} = `,
        change(back.dc_dW[l][k * net.shape[l + 1] + j]),
      );
    });
  },
  dc_db: (net, l, j, _, line) => [
    line(`dC/d${parameterName(net, { l, k: null, j })} = `, change(state.back.dc_db[l][j])),
  ],
  paths(net, l, k, _, line) {
    const parts = paths(net, state.back, l, k);
    const most = parts.length <= 3 ? parts : bySize(parts).map((j) => parts[j]);
    const terms = most.slice(0, parts.length <= 3 ? 3 : 2).map((v) => further(v, digits(v)));
    if (terms.length < parts.length) terms.push(`+ … (${parts.length} paths)`);
    return [line(`${gradientName(net, l, k)} = ${asSum(terms)} = `, change(sum(parts)))];
  },
  step(net, _, j, __, line) {
    const all = isSmall(net) ? parametersOf(net) : [state.weight];
    const stepped = (p) => {
      const lr = rateNow();
      const before = net.params[indexOf(net, p.l, p.k, p.j)];
      const gradient =
        p.k === null
          ? state.back.dc_db[p.l][p.j]
          : state.back.dc_dW[p.l][p.k * net.shape[p.l + 1] + p.j];
      const product = `${given(lr)} × ${factor(gradient, digits(gradient))}`;
      return line(
        `${parameterName(net, p)} = ${given(before)} − ${product} = `,
        number(before - lr * gradient),
      );
    };
    return j === unitsShown(net, 1)[0] ? all.map(stepped) : [];
  },
};

// --- code ---------------------------------------------------------------------------------------

const rows = []; // of the code: { row, code, fold, mark, rest }

/* Make the rows. A comment, and what is longer than its row, is folded away until it is asked for. */
function buildCode() {
  for (const { name, lines } of CODE) {
    byId("code").append(make("div", { class: "line function" }, make("code", {}, name)));
    for (const { text, mark } of lines) {
      const [, code, comment] = text.match(/^(.*?)(\s+#.*)?$/);
      const fold = make("button", { type: "button", class: "fold" });
      const row = make("div", { class: "line" }, makeLine(false, code, comment), fold);
      row.style.setProperty("--indent", `${text.search(/\S/) + 6}ch`); // where a broken line goes on
      row.onclick = () => unfold(row, !row.classList.contains("open"));
      byId("code").append(row);
      rows.push({ row, fold, mark, code, comment, lit: false });
    }
  }
  addEventListener("resize", showFolds);
}

function makeLine(lit, code, comment = "") {
  const all = [`${lit ? "▸" : " "} ${code}`, make("span", { class: "rest" }, comment)];
  return make("code", {}, ...(lit ? [make("mark", {}, ...all)] : all));
}

function unfold(row, open) {
  row.classList.toggle("open", open);
  row.lastChild.setAttribute("aria-expanded", open);
}

/* Offer to unfold where there is more to be read. */
function showFolds() {
  for (const { row, fold, code, comment } of rows) {
    const line = row.firstChild;
    const open = row.classList.contains("open");
    unfold(row, false);
    fold.hidden = false;
    fold.hidden = !comment && line.scrollWidth <= line.clientWidth;
    unfold(row, open);
    fold.setAttribute("aria-label", `all of ${code.trim()}`);
  }
}

/* Light the lines of these marks; they unfold by themselves, and those of the step before fold. */
function showCode(marks) {
  if (!rows.length) buildCode();
  for (const line of rows) {
    const lit = marks.includes(line.mark);
    if (lit === line.lit) continue;
    line.lit = lit;
    line.row.firstChild.replaceWith(makeLine(lit, line.code, line.comment));
    unfold(line.row, lit);
  }
  showFolds();
  const lit = rows.filter((line) => line.lit).map(({ row }) => row);
  if (!lit.length) return;
  const [first, last] = [lit[0], lit[lit.length - 1]];
  const middle = (first.offsetTop + last.offsetTop + last.offsetHeight) / 2;
  byId("code").scrollTop = middle - byId("code").clientHeight / 2;
}

function stepTo(step) {
  chooseStep(clampedIndex(step, stepsOf(state.net).length));
}

const isLast = () => state.step >= stepsOf(state.net).length - 1;

/* Go on by itself, from the beginning if it is at the end. */
function playOn() {
  if (isLast()) stepTo(0);
  play("step-play", 1500, () => {
    stepTo(state.step + 1);
    return !isLast() && state.tab === "sweep";
  });
}

export function wireSweep() {
  const by = (step) => {
    stop();
    stepTo(step);
  };
  byId("step-back").onclick = () => by(state.step - 1);
  byId("step-on").onclick = () => by(state.step + 1);
  byId("step-range").oninput = (event) => by(+event.target.value);
  byId("step-play").onclick = playOn;
}
