/* Which gears are lit, and which flags are up. */

import { layers } from "./names.mjs";
import { state } from "./state.mjs";
import { stepsOf } from "./steps.mjs";

/* Return the ids of what is lit: the path of the gear in hand, or what the open panel talks of. */
export function litNow(onPath) {
  if (state.tab === "paths") return litPaths();
  if (state.tab === "sweep") return litStep();
  return onPath;
}

/* Return the ids of what stands on the path of the gear in hand, in the order of the ratios. */
export function pathInHand() {
  const { net } = state.shown;
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

function litPaths() {
  const { net } = state.shown;
  const { l, k } = state.unit;
  const lit = new Set([`a ${l} ${k}`]);
  if (l === layers(net)) lit.add("C");
  else for (let j = 0; j < net.shape[l + 1]; j++) lit.add(`w ${l} ${k} ${j}`).add(`z ${l} ${j}`);
  return lit;
}

function litStep() {
  const { net } = state.shown;
  const { kind, l } = stepsOf(net)[state.step];
  const { gears } = state.plan;
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
export function flagIsUp({ layer }) {
  if (state.tab !== "sweep") return true;
  return (
    state.step >=
    stepsOf(state.shown.net).findIndex(({ kind, l }) => kind === "dc_dz" && l === layer)
  );
}
