/* The paper of the panel Draw: strokes by pointer or by keys, and a PNG of them. */

import { announce, byId, make } from "./dom.mjs";

const SIDE = 280; // of the canvas, in pixels
const WIDTH = 22; // of a stroke
const READING = 160; // milliseconds from one reading of an unfinished stroke to the next

let reading = 0; // a timer

const pen = { x: 140, y: 60, down: false };
const listeners = { drawn() {}, cleared() {} };

const ink = () => byId("canvas").getContext("2d", { willReadFrequently: true });

/* Clear the paper to white: then the PNG is what `simplenet predict` expects of a photograph. */
export function clearPaper() {
  const context = ink();
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, SIDE, SIDE);
}

/* Return the drawing as RGBA, with its width and height. */
export const drawing = () => ink().getImageData(0, 0, SIDE, SIDE);

function stroke(from, to) {
  const context = ink();
  context.fillStyle = context.strokeStyle = "#000000";
  context.lineWidth = WIDTH;
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  if (from.x === to.x && from.y === to.y) {
    context.arc(to.x, to.y, WIDTH / 2, 0, 2 * Math.PI); // a line of no length would leave no ink
    return context.fill();
  }
  context.moveTo(from.x, from.y);
  context.lineTo(to.x, to.y);
  return context.stroke();
}

function placeOf({ clientX, clientY }) {
  const box = byId("canvas").getBoundingClientRect();
  return {
    x: ((clientX - box.left) * SIDE) / box.width,
    y: ((clientY - box.top) * SIDE) / box.height,
  };
}

function onPen(event) {
  if (event.type === "pointerdown") {
    if (pen.drawing) return takeBack(); // two fingers never draw: they want to zoom
    if (event.button || !event.isPrimary) return;
    byId("canvas").setPointerCapture(event.pointerId);
    pen.before = drawing();
    Object.assign(pen, placeOf(event), { drawing: true, id: event.pointerId });
    stroke(pen, pen);
  } else if (!pen.drawing || event.pointerId !== pen.id) {
    return;
  } else if (event.type === "pointermove") {
    const to = placeOf(event);
    stroke(pen, to);
    Object.assign(pen, to);
    readSoon();
  } else {
    pen.drawing = false;
    readSoon.cancel();
    listeners.drawn();
  }
}

/* Leave the paper as it was before this stroke. */
function takeBack() {
  pen.drawing = false;
  readSoon.cancel();
  ink().putImageData(pen.before, 0, 0);
  listeners.drawn();
}

/* Read what is drawn while it is drawn, but not with every move. */
function readSoon() {
  reading ||= setTimeout(() => {
    reading = 0;
    listeners.drawn();
  }, READING);
}

readSoon.cancel = () => {
  clearTimeout(reading);
  reading = 0;
};

function onPenKey(event) {
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
  const hold = (v) => Math.min(Math.max(v, 0), SIDE);
  const to = by ? { x: hold(pen.x + by[0]), y: hold(pen.y + by[1]) } : { x: pen.x, y: pen.y };
  if (pen.down) stroke(pen, to);
  Object.assign(pen, to);
  showPen();
  if (pen.down) listeners.drawn();
}

function showPen() {
  const { x, y, down } = pen;
  byId("pen").style.left = `${(100 * x) / SIDE}%`;
  byId("pen").style.top = `${(100 * y) / SIDE}%`;
  byId("pen").classList.toggle("down", down);
  announce(
    "pen-said",
    `pen ${down ? "down" : "up"}, column ${Math.round(x)}, row ${Math.round(y)} of ${SIDE}`,
  );
}

function save() {
  byId("canvas").toBlob((blob) => {
    const link = make("a", { href: URL.createObjectURL(blob), download: "drawing.png" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
}

/* Let the paper be drawn upon; say what to do when it was, and when it was cleared. */
export function wirePen(callbacks) {
  Object.assign(listeners, callbacks);
  const canvas = byId("canvas");
  for (const type of ["pointerdown", "pointermove", "pointerup", "pointercancel"])
    canvas.addEventListener(type, onPen);
  canvas.addEventListener("keydown", onPenKey);
  canvas.addEventListener("focus", showPen);
  byId("clear").onclick = () => {
    clearPaper();
    pen.down = false;
    listeners.cleared();
  };
  byId("save").onclick = save;
}
