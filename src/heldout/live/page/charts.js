// The large chart on a canvas, the small ones as SVG. Colours come from the style sheet, so both themes work.
import { short } from "./state.js";

const NS = "http://www.w3.org/2000/svg";

export function colours() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(name).trim();
  return { ink: of("--ink"), soft: of("--soft"), grid: of("--grid"), paper: of("--paper"), train: of("--train"),
    validation: of("--validation"), trainBand: of("--train-band"), validationBand: of("--validation-band"),
    best: of("--best"), reference: of("--reference") };
}

export class FocusChart {
  constructor(place, onEpoch) {
    this.place = place;
    this.onEpoch = onEpoch;
    this.plot = null;
    this.shape = "";
    new ResizeObserver(() => this.resize()).observe(place);
    place.addEventListener("keydown", (event) => this.step(event));
  }

  show(summary, { isLog, reference, name = "loss" }) {
    this.name = name;
    const shape = `${summary.seeds.length}/${isLog}`;
    this.summary = summary;
    this.reference = reference;
    const data = this.columns(summary, isLog);
    if (this.plot && this.shape === shape) {
      this.plot.setData(data);
      return;
    }
    this.shape = shape;
    this.isLog = isLog;
    this.plot?.destroy();
    this.plot = new window.uPlot(this.options(summary, isLog), data, this.place);
    this.plot.root.querySelectorAll("canvas").forEach((canvas) => canvas.setAttribute("aria-hidden", "true"));
  }

  recolour() {
    this.shape = "";
    if (this.summary) this.show(this.summary, { isLog: this.isLog, reference: this.reference, name: this.name });
  }

  resize() {
    const width = this.place.clientWidth;
    if (this.plot && width > 0 && width !== this.plot.width) this.plot.setSize({ width, height: heightFor(width) });
  }

  step(event) {
    const moves = { ArrowLeft: -1, ArrowRight: 1, Home: -1e9, End: 1e9 };
    if (!this.plot || !(event.key in moves)) return;
    event.preventDefault();
    const length = this.summary.length;
    const now = this.plot.cursor.idx ?? this.summary.best;
    const next = Math.max(0, Math.min(length - 1, now + moves[event.key]));
    const top = this.plot.valToPos(this.summary.validation.mean[next] ?? 0, "y");
    this.plot.setCursor({ left: this.plot.valToPos(next + 1, "x"), top });
  }

  columns(summary, isLog) {
    const clean = (curve) => (isLog ? curve.map((loss) => (loss > 0 ? loss : null)) : curve);
    const thin = summary.seeds.flatMap((seed) => [clean(seed.train), clean(seed.validation)]);
    const { train, validation } = summary;
    return [Array.from({ length: summary.length }, (_, at) => at + 1),
      clean(train.high), clean(train.low), clean(validation.high), clean(validation.low), ...thin,
      clean(train.mean), clean(validation.mean)];
  }

  options(summary, isLog) {
    const c = colours();
    const line = (stroke, width, dash, alpha = 1) => ({ stroke, width, dash, alpha, points: { show: false }, spanGaps: false });
    const bare = { stroke: "transparent", width: 0, points: { show: false } };
    const thin = summary.seeds.length > 1
      ? summary.seeds.flatMap(() => [line(c.train, 1, undefined, 0.45), line(c.validation, 1, [4, 3], 0.45)])
      : summary.seeds.flatMap(() => [bare, bare]);
    const axis = { stroke: c.soft, grid: { stroke: c.grid, width: 1 }, ticks: { stroke: c.grid, width: 1 },
      font: "13px system-ui, sans-serif", labelFont: "13px system-ui, sans-serif", labelGap: 2 };
    const width = this.place.clientWidth || 640;
    return {
      width, height: heightFor(width), padding: [14, 84, 0, 0], legend: { show: false },
      scales: { x: { time: false }, y: isLog ? { distr: 3 } : { range: (_, __, high) => [0, (high || 1) * 1.06] } },
      axes: [{ ...axis, label: "epoch", size: 34, labelSize: 22 }, { ...axis, label: this.name + (isLog ? ", logarithmic" : ""), size: 52, labelSize: 24,
        values: (_, values) => values.map((value) => (value === null ? "" : String(+value.toPrecision(3)))) }],
      series: [{}, bare, bare, bare, bare, ...thin, line(c.train, 2.5), line(c.validation, 2.5, [8, 5])],
      bands: [{ series: [1, 2], fill: c.trainBand }, { series: [3, 4], fill: c.validationBand }],
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      hooks: { draw: [(plot) => this.annotate(plot, colours())],
        setCursor: [(plot) => this.onEpoch(this.summary, plot.cursor.idx)] },
    };
  }

  annotate(plot, c) {
    const { ctx, bbox } = plot, ratio = window.uPlot.pxRatio, { summary } = this;
    const at = (epoch, loss) => [plot.valToPos(epoch + 1, "x", true), plot.valToPos(loss, "y", true)];
    const inside = (y) => y >= bbox.top && y <= bbox.top + bbox.height;
    ctx.save();
    ctx.font = `600 ${13 * ratio}px system-ui, sans-serif`;
    if (summary.best >= 0) this.markBest(plot, c, at(summary.best, summary.validation.mean[summary.best]), ratio);
    if (this.reference > 0) {
      const y = plot.valToPos(this.reference, "y", true);
      if (inside(y)) drawLine(ctx, [bbox.left, y], [bbox.left + bbox.width, y], c.reference, [2 * ratio, 4 * ratio], ratio);
      ctx.textAlign = "right";
      if (inside(y)) write(ctx, "always guessing", bbox.left + bbox.width - 6 * ratio, y - 6 * ratio, c.reference);
      ctx.textAlign = "left";
    }
    if (summary.last >= 0) {
      const x = bbox.left + bbox.width + 8 * ratio, gap = 15 * ratio;
      let [, high] = at(summary.last, summary.validation.mean[summary.last]);
      let [, low] = at(summary.last, summary.train.mean[summary.last] ?? 0);
      if (Math.abs(high - low) < gap) [high, low] = high <= low ? [low - gap, low] : [low + gap, low];
      write(ctx, "validation", x, high + 4 * ratio, c.validation);
      write(ctx, "training", x, low + 4 * ratio, c.train);
    }
    ctx.restore();
  }

  markBest(plot, c, [x, y], ratio) {
    const { ctx, bbox } = plot;
    drawLine(ctx, [x, bbox.top], [x, bbox.top + bbox.height], c.best, [5 * ratio, 4 * ratio], ratio);
    ctx.fillStyle = c.best;
    ctx.beginPath();
    ctx.arc(x, y, 5 * ratio, 0, 2 * Math.PI);
    ctx.fill();
    const text = `best epoch ${this.summary.best + 1}`;
    const isLate = x + ctx.measureText(text).width + 12 * ratio > bbox.left + bbox.width;
    ctx.textAlign = isLate ? "right" : "left";
    write(ctx, text, x + (isLate ? -7 : 7) * ratio, bbox.top + 13 * ratio, c.best);
    ctx.textAlign = "left";
  }
}

function heightFor(width) { return Math.round(Math.max(240, Math.min(400, width * 0.52))); }

function drawLine(ctx, from, to, colour, dash, ratio) {
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1.5 * ratio;
  ctx.setLineDash(dash);
  ctx.beginPath();
  ctx.moveTo(...from);
  ctx.lineTo(...to);
  ctx.stroke();
  ctx.setLineDash([]);
}

function write(ctx, text, x, y, colour) {
  ctx.fillStyle = colour;
  ctx.fillText(text, x, y);
}

export function svg(name, attributes, children = []) {
  const element = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  for (const child of children) element.append(child);
  return element;
}

function text(x, y, words, attributes = {}) {
  const element = svg("text", { x, y, ...attributes });
  element.textContent = words;
  return element;
}

function pathOf(curve, x, y, keep = () => true) {
  let path = "", isOpen = false;
  curve.forEach((loss, at) => {
    if (!Number.isFinite(loss)) { isOpen = false; return; }
    if (!keep(at)) return;
    path += `${isOpen ? "L" : "M"}${x(at).toFixed(1)} ${y(loss).toFixed(1)}`;
    isOpen = true;
  });
  return path;
}

function bandOf(low, high, x, y, keep) {
  const places = low.map((_, at) => at).filter((at) => low[at] !== null && high[at] !== null && keep(at));
  if (places.length < 2) return "";
  const point = (curve) => (at) => `${x(at).toFixed(1)} ${y(curve[at]).toFixed(1)}`;
  return `M${places.map(point(high)).join("L")}L${places.reverse().map(point(low)).join("L")}Z`;
}

// One small picture: means with bands; the range of the losses is that of its whole row.
export function drawSmall(summary, top, length) {
  const width = 176, height = 84, last = Math.max(1, length - 1);
  const every = Math.max(1, Math.ceil(summary.length / 80));
  const keep = (at) => at % every === 0 || at === summary.best || at === summary.length - 1;
  const x = (at) => 2 + (at / last) * (width - 4);
  const y = (loss) => height - 2 - Math.min(3, loss / top) * (height - 6); // what is too high leaves the picture, and is no flat line
  const parts = [svg("line", { x1: 0, x2: width, y1: height - 1, y2: height - 1, class: "ground" })];
  for (const name of ["train", "validation"]) {
    const { mean, low, high } = summary[name];
    if (summary.seeds.length > 1) parts.push(svg("path", { d: bandOf(low, high, x, y, keep), class: `${name} area` }));
    parts.push(svg("path", { d: pathOf(mean, x, y, keep), class: `${name} mean` }));
  }
  if (summary.best >= 0) {
    parts.push(svg("circle", { cx: x(summary.best), cy: y(summary.validation.mean[summary.best]), r: 3, class: "best" }));
  }
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "small", "aria-hidden": "true" }, parts);
}

// Losses against the size of the network: where the two lines part, memorising begins.
export function drawSizes(points, { from, reference }) {
  const width = 400, height = 290, left = 44, right = 14, top = 14, bottom = 46;
  const losses = points.flatMap((point) => [point.validation.high, point.train.high, point.best]);
  const highest = Math.max(0.01, ...losses.filter(Number.isFinite)) * 1.04;
  const step = niceStep(highest / 5), most = Math.ceil(highest / step) * step;
  const x = (at) => left + ((at + 0.5) / points.length) * (width - left - right);
  const y = (loss) => height - bottom - (loss / most) * (height - top - bottom);
  const parts = [];
  if (from >= 0) {
    const edge = x(from) - (width - left - right) / points.length / 2;
    parts.push(svg("rect", { x: edge, y: top, width: width - right - edge, height: height - top - bottom, class: "over" }));
    parts.push(text(Math.min(edge + 6, width - right - 84), top + 15, "overfits here", { class: "note" }));
  }
  for (let loss = 0; loss <= most * 1.001; loss += step) {
    parts.push(svg("line", { x1: left, x2: width - right, y1: y(loss), y2: y(loss), class: "grid" }));
    parts.push(text(left - 6, y(loss) + 4, String(+loss.toPrecision(3)), { "text-anchor": "end" }));
  }
  if (reference > 0 && reference < most) {
    parts.push(svg("line", { x1: left, x2: width - right, y1: y(reference), y2: y(reference), class: "reference" }));
  }
  const every = Math.ceil(points.length / 8);
  points.forEach((point, at) => {
    if (at % every === 0) parts.push(text(x(at), height - bottom + 18, short(point.weights), { "text-anchor": "middle" }));
  });
  parts.push(text(left + (width - left - right) / 2, height - 8, "weights of the network", { "text-anchor": "middle" }));
  for (const [name, of] of [["train", (p) => p.train], ["validation", (p) => p.validation]]) {
    parts.push(svg("path", { d: pathOf(points.map((p) => of(p).value), x, y), class: `${name} mean` }));
    points.forEach((point, at) => {
      const { value, low, high } = of(point);
      if (!Number.isFinite(value)) return;
      parts.push(svg("line", { x1: x(at), x2: x(at), y1: y(low), y2: y(high), class: `${name} range` }));
      parts.push(svg("circle", { cx: x(at), cy: y(value), r: 4, class: `${name} dot` }));
    });
  }
  parts.push(svg("path", { d: pathOf(points.map((p) => p.best), x, y), class: "stopped" }));
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-labelledby": "sizes-title sizes-finding" }, parts);
}

function niceStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
}

// One dot with its interval; the middle line is "no change".
export function drawInterval(change, low, high, reach, kind) {
  const width = 220, height = 26, middle = width / 2;
  const x = (value) => middle + Math.max(-1, Math.min(1, value / reach)) * (middle - 8);
  const parts = [svg("line", { x1: middle, x2: middle, y1: 2, y2: height - 2, class: "zero" })];
  if (Number.isFinite(change) && change !== null) {
    parts.push(svg("line", { x1: x(low ?? change), x2: x(high ?? change), y1: 13, y2: 13, class: `span ${kind}` }));
    parts.push(svg("circle", { cx: x(change), cy: 13, r: 5, class: `point ${kind}` }));
  }
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "interval", "aria-hidden": "true" }, parts);
}
