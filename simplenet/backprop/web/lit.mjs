/* Which parts are lit, of which the gradient has been found, and what travels where. */

import { layers } from "./names.mjs";
import { downstream } from "./machine.mjs";
import { state } from "./state.mjs";
import { stepsOf } from "./steps.mjs";

/* Return the names of what is lit: the way of the weight in hand, or what the panel talks of. */
export function litNow() {
  if (state.tab === "paths") return litPaths();
  if (state.tab === "sweep") return litStep();
  if (state.tab === "draw" || (state.fresh && !state.turn)) return new Set();
  return downstream(state.net, state.parts, state.weight);
}

const names = (test) => new Set(state.parts.filter(test).map(({ name }) => name));

function litPaths() {
  const { l, k } = state.unit;
  if (l === layers(state.net))
    return names((p) => p.kind === "C" || ("ac".includes(p.kind) && p.k === k && p.l !== l - 1));
  return names(
    (p) =>
      ("xa".includes(p.kind) && p.l === l && p.k === k) ||
      ("pw".includes(p.kind) && p.l === l && p.k === k) ||
      (p.kind === "z" && p.l === l),
  );
}

function litStep() {
  const { kind, l } = stepsOf(state.net)[state.step];
  const of = (kinds, layer) => (p) => kinds.includes(p.kind) && p.l === layer;
  const any = (...tests) => names((p) => tests.some((test) => test(p)));
  const unit = (layer) => of("xa", layer);
  const C = (p) => "cC".includes(p.kind);
  return {
    z: () => any(unit(l), of("wpbrz", l)),
    a: () => any(of("z", l), unit(l + 1)),
    C: () => any(unit(l + 1), C),
    dc_da: () => any(unit(l + 1), C),
    dc_dz: () => any(unit(l + 1), of("zp", l)),
    dc_dW: () => any(unit(l), of("wz", l)),
    dc_db: () => any(of("bz", l)),
    paths: () => any(unit(l), of("pz", l)),
    step: () => any((p) => "wbC".includes(p.kind)),
  }[kind]();
}

/* Has the value of this part been found, at this step of the Sweep? */
export function isKnown({ kind, l }) {
  if (state.tab !== "sweep" || "xwby".includes(kind)) return true;
  const last = layers(state.net) - 1;
  const found = (what, layer) =>
    stepsOf(state.net).findIndex((s) => s.kind === what && s.l === layer) <= state.step;
  if (kind === "a") return found("a", l - 1);
  return "pzrs".includes(kind) ? found("z", l) : found("C", last);
}

/* Has its gradient been found? Outside the Sweep, all have. */
export function isFelt(part) {
  if (state.fresh) return false;
  return state.tab !== "sweep" || feltAt(part) <= state.step;
}

/* Return the step of the Sweep at which the gradient of a part is found. */
function feltAt({ kind, l }) {
  const steps = stepsOf(state.net);
  const last = layers(state.net);
  const first = (what, layer) => {
    const i = steps.findIndex((s) => s.kind === what && s.l === layer);
    return i < 0 ? Number.MAX_VALUE : i;
  };
  const cost = first("C", last - 1);
  if (kind === "C" || kind === "c" || kind === "R") return cost + 1;
  if (kind === "y") return first("dc_da", last - 1);
  if (kind === "a" && l === last) return Math.min(first("dc_da", l - 1), first("dc_dz", l - 1));
  if (kind === "a") return first("paths", l);
  if (kind === "x") return Number.MAX_VALUE;
  return first({ w: "dc_dW", b: "dc_db" }[kind] ?? "dc_dz", l);
}
