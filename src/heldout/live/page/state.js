// What the events of a study add up to. No picture and no text is made here.

const GROUPS = [
  { key: "ladder", title: "The ladder: from small to large", phases: ["ladder", "large rungs"] },
  { key: "remedies", title: "Remedies", phases: ["remedies", "pairs"] },
  { key: "checks", title: "Checks, on purpose on other rows", phases: [] },
];

export function groupOf(phase) {
  const found = GROUPS.find((group) => group.phases.some((name) => phase === name || phase.startsWith(name + ",")));
  return (found ?? GROUPS[GROUPS.length - 1]).key;
}

export function groups() { return GROUPS; }

export class Study {
  constructor() {
    this.about = null;
    this.phase = { name: "", done: 0, total: 0, left: null };
    this.settings = new Map();
    this.ladder = null;
    this.chosen = null;
    this.remedies = new Map();
    this.notes = [];
    this.end = null;
    this.latest = "";
    this.changed = new Set();
    this.networks = 0;
    this.damaged = 0;
    this.unknown = 0;
  }

  apply(event) {
    const take = TAKERS[event.kind];
    if (take) take(this, event);
  }

  ofGroup(key) {
    const found = [...this.settings.values()].filter((setting) => setting.group === key);
    return key === "ladder" ? found.sort((a, b) => a.rung - b.rung) : found;
  }

  wordOf(setting) {
    if (setting.group === "ladder" && this.ladder) {
      const place = (this.ladder.configurations ?? []).indexOf(setting.name);
      return place < 0 ? "" : this.ladder.words?.[place] ?? "";
    }
    return this.remedies.get(setting.name)?.outcome ?? "";
  }
}

const TAKERS = {
  begin(study) { study.end = null; },
  study(study, event) { study.about = event; },
  phase(study, event) { study.phase = { name: event.phase, done: 0, total: event.total ?? 0, left: null }; },
  progress(study, event) {
    study.phase = { name: event.phase, done: event.done, total: event.total ?? 0, left: event.seconds_left };
  },
  note(study, event) { study.notes.push(String(event.text)); },
  curves: takeCurves,
  verdict(study, event) {
    if (event.about === "ladder") study.ladder = { ...study.ladder, ...event }; // the final one leaves the sizes out
    if (event.about === "chosen") study.chosen = event;
  },
  remedy(study, event) {
    if (!["early_stopping", "fewer_parameters"].includes(event.name)) study.remedies.set(event.configuration, event);
    study.outcomes = (study.outcomes ?? new Map()).set(event.name, event);
  },
  end(study, event) { study.end = event; },
};

function takeCurves(study, event) {
  if (!Array.isArray(event.train) || !Array.isArray(event.validation)) return;
  const group = groupOf(String(event.phase));
  const key = group === "checks" ? `${event.phase}: ${event.configuration}` : String(event.configuration);
  let setting = study.settings.get(key);
  if (!setting) {
    setting = { key, group, name: String(event.configuration), rung: event.rung, weights: event.weights,
      remedies: event.remedies ?? [], members: new Map(), summary: null };
    study.settings.set(key, setting);
  }
  const place = `${event.seed}/${event.fold}`;
  if (!setting.members.has(place)) study.networks += 1;
  setting.members.set(place, event);
  setting.summary = null;
  study.latest = key;
  study.changed.add(key);
}

// Mean and range over seeds; a seed counts once all its folds are there, so that no curve mixes other rows.
export function summarize(setting, nFolds) {
  if (setting.summary) return setting.summary;
  const bySeed = new Map();
  for (const member of setting.members.values()) {
    if (!bySeed.has(member.seed)) bySeed.set(member.seed, []);
    bySeed.get(member.seed).push(member);
  }
  const whole = [...bySeed.values()].filter((folds) => folds.length >= nFolds);
  const used = whole.length ? whole : [...bySeed.values()];
  const seeds = used.map(poolFolds);
  const length = Math.max(0, ...seeds.map((seed) => seed.train.length));
  const summary = {
    seeds, length, nSeeds: whole.length, nStarted: bySeed.size, isPartial: !whole.length,
    train: spread(seeds.map((seed) => seed.train), length),
    validation: spread(seeds.map((seed) => seed.validation), length),
    diverged: seeds.filter((seed) => seed.validation.some((loss, at) => loss === null && at < seed.run)).length,
  };
  summary.most = [...summary.train.high, ...summary.validation.high].reduce((most, loss) => Math.max(most, loss ?? 0), 0);
  summary.best = lowest(summary.validation.mean);
  summary.last = lastFinite(summary.validation.mean);
  setting.summary = summary;
  return summary;
}

function poolFolds(folds) {
  const length = Math.max(...folds.map((fold) => fold.train.length));
  const total = folds.reduce((sum, fold) => sum + fold.share, 0) || 1;
  const mean = (name, weigh) => Array.from({ length }, (_, at) => {
    let sum = 0;
    for (const fold of folds) {
      const loss = fold[name][at];
      if (loss === null || loss === undefined) return null;
      sum += loss * weigh(fold);
    }
    return sum;
  });
  const train = mean("train", () => 1 / folds.length);
  const validation = mean("validation", (fold) => fold.share / total);
  let run = length; // epochs that were run; a curve that ends there is unfinished, one with a hole diverged
  while (run > 0 && train[run - 1] === null && validation[run - 1] === null) run -= 1;
  return { train, validation, run };
}

function spread(curves, length) {
  const mean = [], low = [], high = [];
  for (let at = 0; at < length; at += 1) {
    const here = curves.map((curve) => curve[at]).filter((loss) => loss !== null && loss !== undefined);
    mean.push(here.length ? here.reduce((a, b) => a + b, 0) / here.length : null);
    low.push(here.length ? Math.min(...here) : null);
    high.push(here.length ? Math.max(...here) : null);
  }
  return { mean, low, high };
}

function lowest(curve) {
  let best = -1;
  curve.forEach((loss, at) => { if (loss !== null && (best < 0 || loss < curve[best])) best = at; });
  return best;
}

function lastFinite(curve) {
  for (let at = curve.length - 1; at >= 0; at -= 1) if (curve[at] !== null) return at;
  return -1;
}

export function number(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.00005 || size >= 1e5)) return value.toExponential(1);
  return size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : value.toFixed(size < 0.1 ? 4 : 3);
}

export function lossName(about) { return about?.task === "regression" ? "squared error (standardized)" : "log-loss"; }

export function count(value) { return Number(value).toLocaleString("en"); }

export function short(value) {
  if (value >= 1e6) return `${+(value / 1e6).toPrecision(2)}M`;
  return value >= 1e3 ? `${+(value / 1e3).toPrecision(2)}k` : String(value);
}

export function plain(name) { return String(name).replaceAll("_", " "); }

export function label(setting) {
  if (setting.group === "ladder") return `${count(setting.weights)} weights`;
  const remedies = setting.remedies.map(plain).join(" + ");
  return setting.group === "checks" ? setting.key : remedies || setting.name;
}
