// Every part of the page from the state of the study; text is only ever set as text.
import { drawInterval, drawSizes, drawSmall } from "./charts.js";
import { count, groups, label, number, plain, short, summarize } from "./state.js";

const $ = (id) => document.getElementById(id);
const SIGNS = { helps: "✓ helps", hurts: "✕ hurts", equivalent: "= no difference that matters", "cannot tell": "? cannot tell" };
const WAITING = "Too early to say";

function put(id, words) { write($(id), words); }

// Only what changed is touched: the browser lays out again whatever is.
function write(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

function make(name, attributes = {}, children = []) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

export function folds(study) { return study.about?.n_folds ?? 1; }

export function showHead(study, state) {
  const about = study.about;
  const name = about ? `${about.source}: predicting ${about.target}` : state.folder || "Waiting for the study";
  put("title", name);
  document.title = `${about ? about.source : "heldout"} – live`;
  const [word, kind] = sayState(study, state);
  put("state", word);
  $("state").className = `pill ${kind}`;
  $("stop").hidden = !(state.state === "running" && !study.end);
  const whole = study.end?.how === "finished";
  $("report").hidden = !(state.report && (whole || study.end?.how === "stopped"));
  put("report", whole ? "Open the report" : "Open the report of what there is");
  put("phase", sayPhase(study, state));
  const { done, total } = study.phase;
  $("progress").hidden = Boolean(study.end) || !total || state.state === "ended";
  $("progress").max = total || 1;
  $("progress").value = done;
  if (about) {
    put("seal", about.n_test
      ? `${count(about.n_test)} test rows ${study.end?.how === "finished" ? "were sealed until the end" : "are sealed"}; their score is never shown here`
      : "No test rows in this study: too few rows to set some aside");
  }
}

export function sayState(study, state) {
  if (study.end?.how === "finished") return ["finished", "good"];
  if (study.end?.how === "stopped") return ["stopped", "warn"];
  if (study.end?.how === "failed") return ["failed", "warn"];
  if (state.state === "ended") return study.about ? ["ended without a word", "warn"] : ["not running", "warn"];
  if (state.state === "unknown") return ["on another machine", ""];
  return state.state === "running" ? ["running", "live"] : ["connecting", ""];
}

function sayPhase(study, state) {
  const { name, done, total, left } = study.phase;
  if (study.end?.how === "finished") return `Done: ${count(study.networks)} networks compared. The report has the whole answer.`;
  if (study.end?.how === "stopped") return "Stopped. What is finished is kept; the same command with --resume goes on.";
  if (study.end?.how === "failed") return `Failed: ${study.end.text}`;
  if (state.state === "ended" && study.about) return "The training process ended without a word; the same command with --resume goes on.";
  if (!name) return "Nothing has happened yet.";
  if (!total) return `Now: ${plain(name)}`;
  return `Now: ${plain(name)}, ${count(done)} of ${count(total)}${sayLeft(left)}`;
}

function sayLeft(seconds) {
  if (!Number.isFinite(seconds) || seconds === null || seconds < 1) return "";
  const rounded = Math.round(seconds);
  const words = rounded < 60 ? `${rounded} s` : `${Math.floor(rounded / 60)}:${String(rounded % 60).padStart(2, "0")} min`;
  return `, about ${words} left in this part`;
}

export function showVerdict(study) {
  const { ladder, chosen } = study;
  const box = $("verdict");
  if (!ladder) {
    box.className = "verdict early";
    put("stand", "Verdict so far");
    put("word", WAITING);
    put("why", sayWaiting(study));
    $("chosen").hidden = $("more").hidden = true;
    return;
  }
  const isOver = ladder.word === "overfits from";
  box.className = `verdict ${isOver ? "warn" : ladder.word === "no overfitting shown" ? "good" : "early"}`;
  put("stand", ladder.final ? `The verdict on the ladder (${ladder.code})` : `So far (${ladder.code}); data and training are still being checked`);
  const first = study.ofGroup("ladder").find((setting) => setting.rung === ladder.rung);
  put("word", isOver && first ? `Overfits from ${count(first.weights)} weights` : capital(ladder.word));
  giveReason("", ladder.sentence);
  $("chosen").hidden = !chosen;
  if (!chosen) return;
  $("chosen").className = `verdict ${chosen.word === "good fit" ? "good" : chosen.word === "undecided" ? "early" : "warn"}`;
  put("chosen-stand", `What is delivered (${chosen.code})`);
  put("chosen-word", `${nameOf(study, chosen.configuration)}: ${chosen.word}`);
  giveReason("chosen-", `${chosen.sentence} ${chosen.why}`);
}

// The first two sentences are read, the others are there for who asks.
function giveReason(of, words) {
  const sentences = words.split(/(?<=[.)])\s+(?=[A-Za-z])/);
  put(`${of}why`, sentences.slice(0, 2).join(" "));
  put(`${of}reason`, sentences.slice(2).join(" "));
  $(`${of}more`).hidden = sentences.length < 3;
}

function sayWaiting(study) {
  const about = study.about;
  if (!about) return "The rule waits for the ladder: networks from small to large, each with several seeds.";
  const begun = study.ofGroup("ladder");
  const whole = begun.filter((setting) => summarize(setting, folds(study)).nSeeds > 0).length;
  return `The rule waits for all ${about.rungs.length} sizes of the ladder with their ${about.n_seeds} seeds; `
    + `${whole} of the ${about.rungs.length} have begun. Until then, what the curves show may be noise.`;
}

function nameOf(study, name) {
  const setting = study.settings.get(name);
  return setting ? label(setting) : String(name);
}

function capital(words) { return words ? words[0].toUpperCase() + words.slice(1) : ""; }

export function showFocus(study, setting) {
  if (!setting) {
    if (study.end) put("finding", "The event file of this study holds no curves: it was refused early, or an older version wrote it. The report has what there is.");
    return;
  }
  const summary = summarize(setting, folds(study));
  put("focus-title", label(setting) + (setting.group === "ladder" ? "" : `, at ${count(setting.weights)} weights`));
  const { best, last, validation, train } = summary;
  if (best < 0) { put("finding", "Every seed diverged: no loss is a number."); return; }
  const range = summary.seeds.length > 1 ? ` (seeds ${number(validation.low[best])} to ${number(validation.high[best])})` : "";
  const rise = best < last ? `; at epoch ${last + 1} it is ${number(validation.mean[last])}` : ", the last one so far";
  const part = summary.isPartial ? " Not all folds of a seed are there yet." : "";
  const lost = summary.diverged ? ` ${summary.diverged} of ${summary.seeds.length} seeds diverged.` : "";
  const word = study.wordOf(setting);
  put("finding", `Validation loss is lowest at epoch ${best + 1}: ${number(validation.mean[best])}${range}${rise}. `
    + `Training loss goes to ${number(train.mean[last])}.${part}${lost}${word ? ` The rule: ${word}.` : ""}`);
}

export function showSizes(study) {
  const ladder = study.ofGroup("ladder");
  if (!ladder.length) return;
  const byRung = new Map(ladder.map((setting) => [setting.rung, setting]));
  const rungs = [...new Set([...(study.about?.rungs ?? []), ...byRung.keys()])].sort((a, b) => a - b);
  const points = rungs.map((rung, at) => (byRung.has(rung)
    ? pointOf(byRung.get(rung), summarize(byRung.get(rung), folds(study))) : emptyPoint(study.about.weights[at])));
  const from = study.ladder?.word === "overfits from" ? rungs.indexOf(study.ladder.rung) : -1;
  const drawn = [from, study.about?.constant_loss, ...points.flatMap((p) => [p.weights, p.train.value, p.validation.value])].join();
  if ($("sizes").dataset.drawn === drawn) return;
  $("sizes").dataset.drawn = drawn;
  const gap = points.map((point) => point.validation.value - point.train.value || 0);
  const widest = gap.indexOf(Math.max(...gap));
  const so = ladder.length < points.length ? ` (${ladder.length} of ${points.length} sizes so far)` : "";
  put("sizes-finding", `At the last epoch, training and validation loss lie furthest apart at ${short(points[widest].weights)} weights${so}.`);
  $("sizes").replaceChildren(drawSizes(points, { from, reference: study.about?.constant_loss ?? 0 }));
}

function emptyPoint(weights) {
  const nothing = { value: NaN, low: NaN, high: NaN };
  return { weights, train: nothing, validation: nothing, best: null };
}

function pointOf(setting, summary) {
  const at = (curve) => ({ value: curve.mean[summary.last] ?? NaN, low: curve.low[summary.last] ?? NaN, high: curve.high[summary.last] ?? NaN });
  return { weights: setting.weights, train: at(summary.train), validation: at(summary.validation), best: summary.validation.mean[summary.best] ?? null };
}

export class Strips {
  constructor(onFocus) {
    this.onFocus = onFocus;
    this.cards = new Map();
    this.rows = new Map();
    $("groups").addEventListener("keydown", (event) => this.move(event));
  }

  show(study, focused, changed) {
    for (const group of groups()) {
      const settings = study.ofGroup(group.key);
      if (!settings.length) continue;
      const row = this.rowOf(group);
      const all = settings.map((setting) => summarize(setting, folds(study)));
      const length = Math.max(...all.map((summary) => summary.length));
      const top = rangeOf(all, study.about?.constant_loss);
      const isNew = row.top !== top || row.length !== length;
      Object.assign(row, { top, length });
      if (group.key === "remedies") row.title.textContent = `${group.title}, at ${count(settings[0].weights)} weights`;
      settings.forEach((setting, at) => this.showCard(study, row, setting, {
        at, focused, redraw: isNew || changed.has(setting.key), summary: all[at], top, length }));
    }
  }

  rowOf(group) {
    if (!this.rows.has(group.key)) {
      const title = make("h3", { id: `group-${group.key}` });
      title.textContent = group.title;
      const list = make("div", { class: "strip", role: "group", "aria-labelledby": `group-${group.key}` });
      const places = groups().map((other) => other.key);
      const box = make("div", { class: "row", "data-order": places.indexOf(group.key) }, [title, list]);
      const after = [...$("groups").children].find((other) => Number(other.dataset.order) > places.indexOf(group.key));
      $("groups").insertBefore(box, after ?? null);
      this.rows.set(group.key, { list, title });
    }
    return this.rows.get(group.key);
  }

  showCard(study, row, setting, { at, focused, redraw, summary, top, length }) {
    let card = this.cards.get(setting.key);
    if (!card) {
      card = make("button", { type: "button", class: "card" }, [make("strong"), make("span", { class: "soft" }), make("span", { class: "word" })]);
      card.addEventListener("click", () => this.onFocus(setting.key));
      this.cards.set(setting.key, card);
      redraw = true;
    }
    if (row.list.children[at] !== card) row.list.insertBefore(card, row.list.children[at] ?? null);
    const isFocused = setting.key === focused;
    const tab = isFocused || (at === 0 && !this.holds(row, focused)) ? 0 : -1;
    if (card.getAttribute("aria-pressed") !== String(isFocused)) card.setAttribute("aria-pressed", String(isFocused));
    if (card.tabIndex !== tab || !card.hasAttribute("tabindex")) card.tabIndex = tab;
    const word = study.wordOf(setting), [title, note, badge] = card.querySelectorAll(":scope > strong, :scope > span");
    write(title, label(setting));
    write(note, `${summary.nSeeds} of ${Math.max(summary.nStarted, summary.nSeeds)} seeds, best ${number(summary.validation.mean[summary.best])}`);
    if (badge.textContent !== (SIGNS[word] ?? word) || !word) {
      badge.hidden = !word;
      badge.className = `word ${kindOf(word)}`;
      write(badge, SIGNS[word] ?? word);
    }
    if (redraw) { card.querySelector("svg")?.remove(); card.insertBefore(drawSmall(summary, top, length), note); }
  }

  holds(row, focused) { return row.list.contains(this.cards.get(focused) ?? null); }

  move(event) {
    const moves = { ArrowRight: 1, ArrowLeft: -1, Home: -1e9, End: 1e9 };
    const list = event.target.closest?.(".strip");
    if (!list || !(event.key in moves)) return;
    event.preventDefault();
    const cards = [...list.children], here = cards.indexOf(event.target.closest(".card"));
    const next = cards[Math.max(0, Math.min(cards.length - 1, here + moves[event.key]))];
    next.click();
    next.focus();
  }
}

function rangeOf(summaries, reference) {
  const most = summaries.reduce((high, summary) => Math.max(high, summary.most), 0.01);
  const cap = reference > 0 ? Math.min(most, 2.5 * reference) : most; // one diverging network must not flatten all others
  return +cap.toPrecision(2);
}

function kindOf(word) {
  if (word === "helps" || word === "none of these") return "good";
  return /^(overtrained|too big|hurts)/.test(word) ? "warn" : "";
}

export function showOutcomes(study) {
  const outcomes = [...(study.outcomes ?? new Map()).values()];
  $("remedies").hidden = !outcomes.length;
  const reach = Math.max(1e-9, ...outcomes.flatMap((one) => [Math.abs(one.low ?? 0), Math.abs(one.high ?? 0)]));
  const lines = outcomes.map((one) => {
    const name = make("strong"), word = make("span", { class: `word ${kindOf(one.outcome)}` }), why = make("span", { class: "soft" });
    name.textContent = capital(plain(one.name));
    word.textContent = one.change === null ? "the yardstick of the others" : SIGNS[one.outcome] ?? one.outcome;
    why.textContent = one.change === null ? "" : `${one.change > 0 ? "+" : ""}${number(one.change)} (${number(one.low)} to ${number(one.high)})`;
    return make("li", { title: one.sentence }, [name, drawInterval(one.change, one.low, one.high, reach, kindOf(one.outcome)), word, why]);
  });
  $("outcomes").replaceChildren(...lines);
}

const COLUMNS = [
  ["setting", (row) => row.name], ["weights", (row) => row.weights], ["seeds", (row) => row.seeds],
  ["best epoch", (row) => row.best], ["validation loss there", (row) => row.loss], ["lowest to highest seed", (row) => row.low],
  ["at the last epoch", (row) => row.end], ["training loss at the end", (row) => row.train], ["the rule says", (row) => row.word],
];

export class Numbers {
  constructor() {
    this.by = -1;
    this.sign = 1;
    this.rows = new Map();
    COLUMNS.forEach(([title], at) => {
      const button = make("button", { type: "button" });
      button.textContent = title;
      button.addEventListener("click", () => { this.sign = this.by === at ? -this.sign : 1; this.by = at; this.order(); });
      $("columns").append(make("th", { scope: "col" }, [button]));
    });
  }

  show(study, focused) {
    for (const group of groups()) for (const setting of study.ofGroup(group.key)) this.showRow(study, setting, focused);
    this.order();
  }

  showRow(study, setting, focused) {
    const s = summarize(setting, folds(study));
    const row = { name: label(setting), weights: setting.weights, seeds: s.nSeeds, best: s.best + 1, loss: s.validation.mean[s.best],
      low: s.validation.low[s.best], end: s.validation.mean[s.last], train: s.train.mean[s.last], word: study.wordOf(setting) };
    let line = this.rows.get(setting.key)?.line;
    if (!line) {
      line = make("tr", {}, [make("th", { scope: "row" }), ...COLUMNS.slice(1).map(() => make("td"))]);
      $("rows").append(line);
    }
    const cells = [row.name, count(row.weights), String(row.seeds), row.best ? String(row.best) : "–", number(row.loss),
      `${number(row.low)} to ${number(s.validation.high[s.best])}`, number(row.end), number(row.train), SIGNS[row.word] ?? row.word];
    cells.forEach((words, at) => write(line.children[at], words));
    line.classList.toggle("focused", setting.key === focused);
    this.rows.set(setting.key, { line, row, rank: this.rows.get(setting.key)?.rank ?? this.rows.size });
  }

  order() {
    [...$("columns").children].forEach((head, at) => head.setAttribute("aria-sort", at !== this.by ? "none" : this.sign > 0 ? "ascending" : "descending"));
    if (this.by < 0) return;
    const value = COLUMNS[this.by][1];
    const compare = (a, b) => (typeof a === "string" ? a.localeCompare(b) : (a ?? Infinity) - (b ?? Infinity));
    const sorted = [...this.rows.values()].sort((a, b) => this.sign * compare(value(a.row), value(b.row)) || a.rank - b.rank);
    sorted.forEach(({ line }, at) => { if ($("rows").children[at] !== line) $("rows").insertBefore(line, $("rows").children[at] ?? null); });
  }
}

export function showNotes(study) {
  const list = $("notes");
  const odd = study.damaged + study.unknown;
  while (list.children.length < study.notes.length) {
    const item = make("li");
    item.textContent = study.notes[list.children.length];
    list.append(item);
  }
  put("said-count", `${study.notes.length}${odd ? `, and ${odd} lines of the file that cannot be read: damaged, or of a newer version` : ""}`);
}
