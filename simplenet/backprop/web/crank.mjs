/* Turn a gear by hand: with a pointer, or with the keys. */

import { short } from "./format.mjs";
import { isSame, parameterName } from "./names.mjs";
import { byId, draw, setAttributes } from "./dom.mjs";
import { GEARS } from "./content.mjs";
import { radius } from "./plan.mjs";
import { chooseWeight, state, turnTo } from "./state.mjs";
import { openTab } from "./tabs.mjs";

let endDrag = () => {};

/* End a drag, if there is one. */
export function dropGear() {
  endDrag();
}

export function makeTurnable(gear) {
  const mine = isSame(gear.weight, state.weight);
  gear.group.classList.add("turnable");
  gear.group.classList.toggle("held", mine);
  gear.group.append(draw("circle", { class: "grip", r: radius(gear.kind) + GEARS.module }));
  if (mine) {
    setAttributes(gear.group, {
      role: "slider",
      tabindex: 0,
      "aria-label": parameterName(state.shown.net, gear.weight),
      "aria-valuemin": -2,
      "aria-valuemax": 2,
    });
    gear.group.addEventListener("keydown", onGearKey);
  }
  gear.group.addEventListener("pointerdown", (event) => onGrab(event, gear));
}

export function announceGear(gear, { actual, value }) {
  if (gear.group.getAttribute("role") !== "slider") return;
  setAttributes(gear.group, {
    "aria-valuenow": actual,
    "aria-valuetext": `${short(value)}, turned by ${short(actual)}`,
  });
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
  if (!isSame(weight, state.weight)) chooseWeight(weight);
  if (state.tab !== "turn") openTab(byId("tab-turn"));
  const { group } = state.plan.gears.get(id);
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
  endDrag = () => {
    removeEventListener("pointermove", onMove);
    for (const end of ["pointerup", "pointercancel"]) removeEventListener(end, onEnd);
  };
  const onEnd = ({ pointerId }) => {
    if (pointerId === event.pointerId) dropGear();
  };
  addEventListener("pointermove", onMove);
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, onEnd);
}
