// Connects, draws at most once a frame, and survives lost connections: the browser asks again where it stopped.
import { FocusChart } from "./charts.js";
import { Study, lossName, number, summarize } from "./state.js";
import { Numbers, Strips, folds, sayState, showFocus, showHead, showNotes, showOutcomes, showSizes, showVerdict } from "./views.js";

const $ = (id) => document.getElementById(id);
const events = [];
let study = new Study();
let shown = -1; // events drawn in a replay, -1 when everything is
let state = { state: "connecting", report: false, folder: "" };
let received = 0; // when the first message came that is not drawn yet
let focused = "", isFollowing = true, isScheduled = false;
const chart = new FocusChart($("chart"), sayEpoch);
const strips = new Strips(choose);
const numbers = new Numbers();

function schedule() {
  if (isScheduled) return;
  isScheduled = true;
  requestAnimationFrame(() => { isScheduled = false; draw(); });
}

function draw() {
  const started = received || performance.now();
  received = 0;
  if (isFollowing) focused = defaultFocus();
  const changed = study.changed;
  study.changed = new Set();
  showHead(study, state);
  showVerdict(study);
  const setting = study.settings.get(focused);
  showFocus(study, setting);
  if (setting) {
    const summary = summarize(setting, folds(study));
    if (summary.length) chart.show(summary, { isLog: $("log").checked, reference: study.about?.constant_loss ?? 0, name: lossName(study.about) });
  }
  strips.show(study, focused, changed);
  showSizes(study);
  showOutcomes(study);
  numbers.show(study, focused);
  showNotes(study);
  $("replay").hidden = !study.end && shown < 0;
  announce();
  requestAnimationFrame(() => setTimeout(() => noteTime(started)));
}

// How long an update took until it stood on the screen, for the tests; a page that is open for days keeps few of them.
function noteTime(started) {
  if (performance.getEntriesByName("heldout-update").length > 100) performance.clearMeasures("heldout-update");
  performance.measure("heldout-update", { start: started, end: performance.now() });
}

function defaultFocus() {
  if (study.chosen && study.settings.has(study.chosen.configuration)) return study.chosen.configuration;
  const over = study.end && study.ladder && study.ofGroup("ladder").find((setting) => setting.rung === study.ladder.rung);
  return over ? over.key : study.latest;
}

// A screen reader hears phases and verdicts, not every network.
function announce() {
  const words = [sayState(study, state)[0], study.phase.name, $("word").textContent].filter(Boolean).join(", ");
  if ($("said").textContent !== words) $("said").textContent = words;
}

function choose(key) {
  focused = key;
  setFollowing(false);
  history.replaceState(null, "", `#show=${encodeURIComponent(key)}`);
  schedule();
}

function setFollowing(isOn) {
  isFollowing = isOn;
  $("follow").setAttribute("aria-pressed", String(isOn));
}

function sayEpoch(summary, at) {
  if (at === null || at === undefined || at < 0 || at >= summary.length) return;
  const say = (name) => {
    const { mean, low, high } = summary[name];
    return `${number(mean[at])}${summary.seeds.length > 1 ? ` (${number(low[at])} to ${number(high[at])})` : ""}`;
  };
  $("readout").textContent = `Epoch ${at + 1}: training ${say("train")}, validation ${say("validation")}`;
}

function connect() {
  const source = new EventSource("events");
  source.addEventListener("open", () => { $("connection").textContent = "Connected."; });
  source.addEventListener("error", () => {
    const isOver = source.readyState === EventSource.CLOSED;
    $("connection").textContent = `Connection lost${isOver ? "" : ", asking again"}. What is shown stays, and the study is not affected; `
      + "where the page's server has ended, heldout live shows the study again.";
  });
  source.addEventListener("reset", () => { events.length = 0; study = new Study(); shown = -1; schedule(); });
  source.addEventListener("state", (message) => { state = JSON.parse(message.data); schedule(); });
  source.addEventListener("events", (message) => {
    received ||= performance.now();
    const chunk = JSON.parse(message.data);
    events.push(...chunk.events);
    study.damaged += chunk.damaged;
    study.unknown += chunk.unknown;
    if (shown < 0) for (const event of chunk.events) study.apply(event);
    if (chunk.is_last) schedule();
  });
}

function rewind(share) {
  const until = Math.round(share * events.length);
  if (shown < 0 || until < shown) { study = new Study(); shown = 0; $("notes").replaceChildren(); $("rows").replaceChildren(); numbers.rows.clear(); $("groups").replaceChildren(); strips.rows.clear(); strips.cards.clear(); }
  for (const event of events.slice(shown, until)) study.apply(event);
  shown = until;
  $("when").textContent = until >= events.length ? "all of it" : `${Math.round(100 * share)} %`;
  if (until >= events.length) shown = -1;
  schedule();
}

const isStill = matchMedia("(prefers-reduced-motion: reduce)");
let playing = 0;
function play() {
  const slider = $("time");
  if (playing) { clearInterval(playing); playing = 0; $("play").textContent = "Play"; return; }
  if (Number(slider.value) >= 1000) slider.value = "0";
  setFollowing(true);
  $("play").textContent = "Pause";
  playing = setInterval(() => {
    slider.value = String(Math.min(1000, Number(slider.value) + (isStill.matches ? 125 : 12)));
    rewind(Number(slider.value) / 1000);
    if (Number(slider.value) >= 1000) play();
  }, isStill.matches ? 2000 : 200);
}

function wire() {
  $("follow").addEventListener("click", () => { setFollowing(true); history.replaceState(null, "", "#"); schedule(); });
  $("log").addEventListener("change", schedule);
  $("time").addEventListener("input", () => rewind(Number($("time").value) / 1000));
  $("play").addEventListener("click", play);
  $("stop").addEventListener("click", () => { $("ask-answer").textContent = ""; $("ask").showModal(); });
  $("keep").addEventListener("click", () => $("ask").close());
  $("confirm").addEventListener("click", stop);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => chart.recolour());
  const wanted = new URLSearchParams(location.hash.slice(1)).get("show");
  if (wanted) { focused = wanted; setFollowing(false); }
}

async function stop() {
  try {
    const answer = await fetch("stop", { method: "POST" });
    const words = await answer.json();
    $("ask-answer").textContent = words.asked ? "Asked to stop." : `Not stopped: ${words.text}.`;
    if (words.asked) setTimeout(() => $("ask").close(), 800);
  } catch {
    $("ask-answer").textContent = "The page's server does not answer; press Ctrl-C where the study runs.";
  }
}

wire();
connect();
