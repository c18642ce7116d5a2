/* The tabs, and which panel they open. */

import { byId } from "./dom.mjs";
import { chooseTab, state } from "./state.mjs";
import { bringHeld } from "./scroll.mjs";

const tabs = () => Array.from(byId("tabs").children);

/* Show the panel that is chosen, and no other. */
export function showTab() {
  for (const tab of tabs()) {
    const panel = tab.getAttribute("aria-controls");
    const open = panel === state.tab;
    tab.setAttribute("aria-selected", open);
    tab.tabIndex = open ? 0 : -1;
    byId(panel).hidden = !open;
  }
  document.body.dataset.tab = state.tab;
}

export function openTab(tab) {
  chooseTab(tab.getAttribute("aria-controls"));
  if (state.tab === "turn") bringHeld();
}

/* Arrow keys go from tab to tab, as everywhere. */
function onTabKey(event) {
  const all = tabs();
  const at = all.indexOf(document.activeElement);
  const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: all.length - 1 }[event.key];
  if (to === undefined || at < 0) return;
  const tab = all[(to + all.length) % all.length];
  tab.focus();
  openTab(tab);
  event.preventDefault();
}

export function wireTabs() {
  for (const tab of tabs()) tab.onclick = () => openTab(tab);
  byId("tabs").onkeydown = onTabKey;
}
