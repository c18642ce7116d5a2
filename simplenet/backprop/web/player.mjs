/* Play, and pause: something is done again and again, while its button is pressed in. */

import { byId } from "./dom.mjs";

let timer = 0;
let button = null;

/* Stop what is being played. */
export function stop() {
  clearInterval(timer);
  if (button) button.setAttribute("aria-pressed", false);
  button = null;
}

/* Do something every so many milliseconds until it says false; or, if it is being done, stop. */
export function play(id, pause, action) {
  const same = button === byId(id);
  stop();
  if (same) return;
  button = byId(id);
  button.setAttribute("aria-pressed", true);
  const tick = () => {
    if (!action()) stop();
  };
  timer = setInterval(tick, pause);
  tick();
}
