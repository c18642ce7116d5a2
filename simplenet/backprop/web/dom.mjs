/* Make elements of the page, find them, and speak to screen readers. */

import { digits, signed } from "./format.mjs";

export const byId = (id) => document.getElementById(id);

/* Make an element. Text goes in as text, so that no name can become markup. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  element.append(...children);
  return element;
}

/* Make a part of a drawing. */
export function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  setAttributes(element, attributes);
  element.append(...children);
  return element;
}

export function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
}

/* Make a number as people read it, which also carries its full value for programs. */
export const number = (v, text = digits(v)) => make("data", { value: String(v) }, text);

/* Make a number with its sign. */
export const change = (v) => number(v, signed(v));

// --- screen readers -----------------------------------------------------------------------------

const waiting = new Map(); // a timer for each element that is to say something

/* Say something to screen readers and others, but not while it is still changing. */
export function announce(id, text) {
  clearTimeout(waiting.get(id));
  waiting.set(
    id,
    setTimeout(() => {
      byId(id).textContent = text;
    }, 350),
  );
}

/* Another net or sample: what was said, or was about to be, is of the one before. */
export function clearAnnouncements() {
  for (const [id, timer] of waiting) {
    clearTimeout(timer);
    byId(id).textContent = "";
  }
}

/* Call a function once all of the page is there; it may have been for long. */
export function whenParsed(run) {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", run);
  else run();
}
