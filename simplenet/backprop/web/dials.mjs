/* What the gears that are drawn show: how far each has turned, its value, its scale. */

import { indexOf } from "./network.mjs";
import { digits, raised, short, signed } from "./format.mjs";
import { isSame, isSmall, layers, parameterName, unitName } from "./names.mjs";
import { byId } from "./dom.mjs";
import { GEARS } from "./content.mjs";
import { DIRECTION, radius } from "./plan.mjs";
import { state } from "./state.mjs";
import { flagIsUp, litNow, pathInHand } from "./lit.mjs";
import { announceGear } from "./crank.mjs";

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

/* Return what a gear shows: its value now, how far it has turned, and how far its ratio says. */
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
    const mine = isSame(gear.weight, weight);
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

/* Return how much a dial magnifies: as chosen, or the power of ten that lets its needle be seen. */
function magnification(gear, ratio) {
  const chosen = byId("magnify").value;
  if (gear.weight || !ratio) return 1;
  if (chosen !== "fit") return +chosen;
  return 10 ** Math.min(Math.max(-Math.floor(Math.log10(Math.abs(ratio))) - 1, 0), 9);
}

export function refreshDials() {
  const onPath = pathInHand();
  const lit = litNow(onPath);
  for (const gear of state.plan.gears.values()) {
    const reading = readingOf(gear);
    const scale = magnification(gear, reading.ratio);
    turnGear(gear, reading, scale);
    labelGear(gear, reading, scale, onPath);
    gear.group.classList.toggle("lit", lit.has(gear.id));
    gear.group.classList.toggle("held", Boolean(reading.mine));
    gear.flag?.classList.toggle("up", flagIsUp(gear));
    if (gear.weight) announceGear(gear, reading);
  }
  for (const [one, other, path] of state.plan.belts)
    path.classList.toggle("lit", lit.has(other) && lit.has(one));
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
