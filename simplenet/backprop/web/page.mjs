/* The page: what is wired to what, and what is shown after which change. */

import { integer } from "./format.mjs";
import { byId, clearAnnouncements, make } from "./dom.mjs";
import { NETS } from "./content.mjs";
import { readNet, sampleCount, sampleName, strongestSample } from "./samples.mjs";
import { chooseNet, chooseSample, listen, refresh, state } from "./state.mjs";
import { bringIntoView, pinCost } from "./scroll.mjs";
import { showTab, wireTabs } from "./tabs.mjs";
import { dropGear } from "./crank.mjs";
import { buildStage } from "./stage.mjs";
import { refreshDials } from "./dials.mjs";
import { paintGrey } from "./charts.mjs";
import { refreshTurn, showPicked, showWeightChoice, wireTurn } from "./turn.mjs";
import { refreshPaths, showUnitChoice } from "./paths.mjs";
import { refreshSweep, wireSweep } from "./sweep.mjs";
import { openSketch, sketchSample, wireSketch } from "./sketch.mjs";

/* Show a net with the sample that has most to see. */
function openNet(shown) {
  readNet(shown);
  const { net } = shown;
  dropGear();
  clearAnnouncements();
  byId("sample-label").textContent = shown.size ? "Image" : "Sample";
  byId("note").textContent = shown.note;
  byId("note").hidden = !shown.note;
  for (const id of ["turn-hint", "sweep-hint"]) byId(id).textContent = passesHint(net);
  fillSamples(shown);
  const i = strongestSample(shown);
  byId("sample").value = i;
  chooseNet(shown, i);
  showUnitChoice();
  openSketch();
}

function passesHint({ params }) {
  return (
    `One forward and one backward pass give all ${integer(params.length)} ratios at once. ` +
    `Nudging each by itself would take ${integer(params.length + 1)} forward passes.`
  );
}

function fillSamples(shown) {
  const count = sampleCount(shown);
  const options = Array.from({ length: count }, (_, i) =>
    make("option", { value: i }, sampleName(shown, i)),
  );
  byId("sample").replaceChildren(...options);
  byId("sample-choice").hidden = count < 2;
}

function openSample() {
  dropGear();
  clearAnnouncements();
  chooseSample(+byId("sample").value);
  sketchSample();
}

/* Another sample: its picture, if it is one. */
function showSample() {
  const { shown, x } = state;
  byId("thumb").hidden = !shown.size;
  if (shown.size) paintGrey(byId("thumb"), x, shown.size);
}

/* Another gear in hand. */
function showWeight() {
  showWeightChoice();
  showPicked();
  buildStage();
}

/* Any change. */
function showAll() {
  refreshDials();
  pinCost();
  if (state.tab !== "turn") bringIntoView(".lit .dial");
  if (state.tab === "turn") refreshTurn();
  else if (state.tab === "paths") refreshPaths();
  else if (state.tab === "sweep") refreshSweep();
}

function wire() {
  listen({ sample: showSample, weight: showWeight, tab: showTab, change: showAll });
  for (const [i, shown] of NETS.entries()) {
    const radio = make("input", { type: "radio", name: "net", id: `net-${i}`, value: i });
    radio.checked = i === 0;
    radio.onchange = () => openNet(shown);
    byId("nets").append(make("label", {}, radio, ` ${shown.name}`));
  }
  byId("nets").hidden = NETS.length < 2;
  byId("choice").onsubmit = (event) => event.preventDefault();
  byId("sample").onchange = openSample;
  byId("magnify").onchange = refresh;
  addEventListener("resize", pinCost);
  wireTabs();
  wireTurn();
  wireSweep();
  wireSketch();
}

function start() {
  wire();
  document.body.dataset.tab = "turn";
  openNet(NETS[0]);
  byId("app").hidden = false;
  performance.mark("ready");
}

document.addEventListener("DOMContentLoaded", start);
