/* Turn a crank by hand: with a pointer, or with the keys. */

import { short } from "./format.mjs";
import { isSame, parameterName } from "./names.mjs";
import { byId, draw, setAttributes } from "./dom.mjs";
import { chooseWeight, state, touch, turnTo } from "./state.mjs";
import { openTab } from "./tabs.mjs";

const GRIP = 34; // radius of what can be taken hold of

let endDrag = () => {};

/* End a drag, if there is one. */
export function dropCrank() {
  endDrag();
}

export const isDragged = () => document.body.classList.contains("dragging");

/* How far a full turn of a crank moves its weight. */
const perTurn = () => 96 / state.scene.unit;

const idOf = ({ kind, l, k, j }) => (kind === "w" ? `w ${l} ${k} ${j}` : `b ${l} ${j}`);

/* Put a grip on every crank: the marks know where they are. */
export function buildCranks() {
  const held = document.activeElement?.classList.contains("turnable");
  const parts = new Map(state.parts.map((part) => [part.name, part]));
  for (const [name, , , , [x, y], , round] of state.scene.marks) {
    if (round && parts.has(name)) byId("marks").append(makeGrip(parts.get(name), x, y));
  }
  if (held) byId("stage").querySelector(".turnable.held")?.focus({ preventScroll: true });
}

function makeGrip(part, x, y) {
  const mine = isSame(part, state.weight);
  const group = draw(
    "g",
    { class: "turnable", "data-id": idOf(part), transform: `translate(${x} ${y})` },
    draw("circle", { class: "halo", r: GRIP - 4 }),
    draw("circle", { class: "grip", r: GRIP }),
    draw("title", {}, `turn ${parameterName(state.net, part)}: clockwise is more`),
  );
  if (mine) {
    group.classList.add("held");
    setAttributes(group, {
      role: "slider",
      tabindex: 0,
      "aria-label": parameterName(state.net, part),
      "aria-valuemin": -1,
      "aria-valuemax": 1,
    });
    group.addEventListener("keydown", onKey);
  }
  const weight = { l: part.l, k: part.kind === "w" ? part.k : null, j: part.j };
  group.addEventListener("pointerdown", (event) => onGrab(event, weight));
  return group;
}

export function announceCrank() {
  const { net, weight, turn } = state;
  const crank = byId("stage").querySelector(".turnable.held");
  if (!crank) return;
  const part = state.parts.find((p) => "wb".includes(p.kind) && isSame(p, weight));
  const value = (part.kind === "w" ? net.W[part.l][part.k * net.shape[part.l + 1] + part.j] : net.b[part.l][part.j]) + turn;
  setAttributes(crank, {
    "aria-valuenow": turn,
    "aria-valuetext": `${short(value)}, turned by ${short(turn)}`,
  });
}

function onKey(event) {
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

/* Take hold of a crank: the machine may be drawn anew, so the pointer is followed on the window. */
function onGrab(event, weight) {
  if (event.button || isDragged()) return;
  event.preventDefault();
  dropCrank();
  touch();
  document.body.classList.add("dragging");
  if (!isSame(weight, state.weight)) chooseWeight(weight);
  // While it is held, the machine stays as large as it is.
  document.body.classList.toggle("from-draw", state.tab === "draw");
  if (state.tab !== "turn") openTab(byId("tab-turn"));
  const group = () => byId("stage").querySelector(".turnable.held");
  group().focus({ preventScroll: true });
  const angle = ({ clientX, clientY }) => {
    const box = group().querySelector(".grip").getBoundingClientRect();
    return (
      Math.atan2(clientY - box.top - box.height / 2, clientX - box.left - box.width / 2) /
      (2 * Math.PI)
    );
  };
  let before = angle(event);
  let far = state.turn;
  const onMove = (move) => {
    if (move.pointerId !== event.pointerId) return;
    const after = angle(move);
    const by = after - before - Math.round(after - before); // the shorter way round
    before = after;
    far = Math.min(Math.max(far + by * perTurn(), -20), 20);
    turnTo(+far.toFixed(4)); // as long as its box has room for
  };
  endDrag = () => {
    document.body.classList.remove("dragging", "from-draw");
    removeEventListener("pointermove", onMove);
    for (const end of ["pointerup", "pointercancel"]) removeEventListener(end, onEnd);
    endDrag = () => {};
  };
  const onEnd = ({ pointerId }) => {
    if (pointerId === event.pointerId) dropCrank();
  };
  addEventListener("pointermove", onMove);
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, onEnd);
}
