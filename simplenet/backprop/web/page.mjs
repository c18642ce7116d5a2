/* The page: what is wired to what, and what is shown after which change. */

import { integer } from "./format.mjs";
import { byId, clearAnnouncements, make, whenParsed } from "./dom.mjs";
import { NETS, SCENES } from "./content.mjs";
import { costOf, forward, gradients, netAround, turned, withTurn } from "./network.mjs";
import { readNet, sampleCount, sampleName, strongestSample } from "./samples.mjs";
import { chooseNet, chooseSample, listen, refresh, state, touch } from "./state.mjs";
import { pulls, standing, withWays } from "./machine.mjs";
import { atEnds, pastEnds } from "./scene.mjs";
import { paintWith, showNumbers } from "./motion.mjs";
import { bringHeld, bringIntoView, pinCost, wireScroll } from "./scroll.mjs";
import { showTab, wireTabs } from "./tabs.mjs";
import { announceCrank, buildCranks, dropCrank, isDragged } from "./crank.mjs";
import { buildStage, cutGrooves, lightParts, moveParts } from "./stage.mjs";
import { buildMarks, moveMarks, needleShares, writeMarks } from "./marks.mjs";
import { litNow } from "./lit.mjs";
import { travel } from "./travel.mjs";
import { stepsOf } from "./steps.mjs";
import { paintGrey } from "./charts.mjs";
import { refreshTurn, showPicked, showWeightChoice, wireTurn } from "./turn.mjs";
import { refreshPaths, showUnitChoice } from "./paths.mjs";
import { rateNow, refreshSweep, wireSweep } from "./sweep.mjs";
import { cleanSketch, openSketch, refreshSketch, sketchSample, wireSketch } from "./sketch.mjs";
import { stop } from "./player.mjs";
import { beckon } from "./beckon.mjs";

/* Show a net with the sample that has most to see. */
function openNet(shown, scene) {
  readNet(shown);
  stop();
  dropCrank();
  clearAnnouncements();
  byId("sample-label").textContent = shown.size ? "Image" : "Sample";
  byId("note").textContent = shown.note;
  byId("note").hidden = !shown.note;
  byId("sweep-hint").textContent = passesHint(shown.net);
  fillSamples(shown);
  const i = strongestSample(shown);
  byId("sample").value = i;
  chooseNet(shown, scene, i);
  showUnitChoice();
  cleanSketch();
  refresh();
}

function passesHint({ params }) {
  return (
    `One pass there and one back give all ${integer(params.length)} ratios. ` +
    `To nudge each by itself takes ${integer(params.length + 1)} passes.`
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
  stop();
  dropCrank();
  clearAnnouncements();
  touch();
  chooseSample(+byId("sample").value);
}

/* Another sample, or a drawing: its picture, if it is one. */
function showSample() {
  const { shown, x, drawn } = state;
  byId("thumb").hidden = !shown.size;
  byId("drawn-note").hidden = !drawn;
  if (shown.size) paintGrey(byId("thumb"), x, shown.size);
  sketchSample();
}

/* Another weight in hand: of a large net, another path is drawn. */
function showWeight() {
  showWeightChoice();
  showPicked();
  buildStage();
  buildMarks();
  buildCranks();
  pinCost();
  bringHeld();
}

/* Another net, or another cost of it. */
function showNet() {
  openSketch();
  if (byId("stage").childElementCount) cutGrooves();
}

/* Return where everything stands: as it is, with the crank turned, or, at the end of the Sweep,
   after the step downhill. */
function stands() {
  const { net, x, y, back, parts, base, now, weight, turn, tab, step } = state;
  if (tab === "sweep" && step === stepsOf(net).length - 1) {
    const after = netAround(net, net.params);
    const rate = rateNow();
    for (const [i, gradient] of gradients(back).entries()) after.params[i] -= rate * gradient;
    const pass = forward(after, x);
    const C = costOf(after).value(pass.a[pass.a.length - 1], y);
    return withWays(standing(after, parts, { ...pass, C }, y), base);
  }
  return withWays(withTurn(net, weight, turn, () => standing(net, parts, now, y)), base);
}

/* Put the machine where it is to stand, by and by, or at once while a hand is on a crank. */
function showMachine() {
  const { net, pass, back, y, parts } = state;
  const at = stands();
  const felt = pulls(net, parts, pass, back, y);
  const lit = litNow();
  const drawn = drawnAt(at);
  writeMarks(at, felt, lit, pastEnds(at, drawn));
  for (const name in felt) drawn[`dC/d${name}`] = felt[name];
  Object.assign(drawn, needleShares());
  showNumbers(drawn, isDragged());
  lightParts(lit);
  announceCrank();
  travel();
}

const drawnAt = (at) => atEnds(at, state.scene.ends, state.scene.slots);

/* Any change. */
function showAll() {
  showMachine();
  document.body.classList.toggle("fresh", state.fresh);
  byId("undo").setAttribute("aria-disabled", !state.past.length && !state.turn);
  if (state.tab !== "turn") bringIntoView(".mark.lit .name");
  if (state.tab === "turn") refreshTurn();
  else if (state.tab === "paths") refreshPaths();
  else if (state.tab === "sweep") refreshSweep();
  else refreshSketch();
}

function paint(numbers) {
  moveParts(numbers);
  moveMarks(numbers);
}

/* Let the crank in hand turn by itself, once: what is shown of it is computed, as ever. */
function showTurn(turn) {
  const { y, parts, base, net, pass, weight } = state;
  const at = turned(net, pass, y, weight, turn);
  const far = withTurn(net, weight, turn, () => standing(net, parts, at, y));
  showNumbers(drawnAt(withWays(far, base)), true);
}

function wire() {
  listen({ sample: showSample, weight: showWeight, tab: showTab, change: showAll, net: showNet });
  paintWith(paint);
  for (const [i, shown] of NETS.entries()) {
    const radio = make("input", { type: "radio", name: "net", id: `net-${i}`, value: i });
    radio.checked = i === 0;
    radio.onchange = () => {
      touch();
      openNet(shown, SCENES[i]);
    };
    byId("nets").append(make("label", {}, radio, ` ${shown.name}`));
  }
  byId("nets").hidden = NETS.length < 2;
  byId("choice").onsubmit = (event) => event.preventDefault();
  byId("sample").onchange = openSample;
  byId("magnify").onchange = refresh;
  wireScroll();
  wireTabs();
  wireTurn();
  wireSweep();
  wireSketch();
}

function start() {
  wire();
  document.body.dataset.tab = "turn";
  openNet(NETS[0], SCENES[0]);
  byId("app").hidden = false;
  pinCost();
  bringHeld();
  performance.mark("ready");
  beckon(showTurn, () => state.fresh);
}

whenParsed(start);
