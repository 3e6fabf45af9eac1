// The scrubber: one step of training, and of every run its pictures, numbers and place on the curve at that step.
//
// In: data.steps (where it stops, rising), data.step (where it is; null at the end), data.shown (kinds: "grids", "reconstructions", "kl", "means"), data.colors
// (one for each label), data.runs: title, active (it trains), color, symbol, dashes, scale (runs of one scale share a
// track), film (address of a file with all pictures), places (by kind: [step, start, end] in that file), measured
// (steps), terms (name, label, percent, values at those steps; null is no number), latent (steps, kl, means, labels) or
// null.
// Out: the state `step`, once it rests; null at the end.
// On the page: an event "scrubbed" for every step that is drawn, with the step and that of each run's pictures.

const FAR = 20; // times the size of a track's lowest value: a line so far above it has diverged, and is cut off
const REST_MS = 500;
const KEPT = 24; // decoded pictures of one run
const AHEAD = 3; // pictures decoded before they are asked for
const WIDE = 3; // of the map of codes, at least: most of a standard normal prior
const TOP = 16; // of a track's plot, below its title
const PICTURES = ["grids", "reconstructions"];

export default function (component) {
  const root = component.parentElement.querySelector(".scrubber");
  root.scrubber ??= new Scrubber(root);
  root.scrubber.update(component.data, component.setStateValue);
}

class Scrubber {
  constructor(root) {
    this.root = root;
    this.range = root.querySelector(".step");
    this.said = root.querySelector("output");
    this.button = root.querySelector(".play");
    this.speed = root.querySelector(".speed");
    this.films = new Map();
    this.way = 1;
    this.range.addEventListener("input", () => this.moveTo(Number(this.range.value)));
    this.button.addEventListener("click", () => this.play(!this.playing));
    new ResizeObserver(() => this.data && this.paintTracks()).observe(root);
  }

  update({ step: asked, ...data }, setStateValue) {
    this.setStateValue = setStateValue;
    const known = JSON.stringify(data);
    const color = getComputedStyle(this.root).color;
    const moved = !this.data || (asked !== this.asked && !this.playing);
    const here = moved ? asked : this.here();
    this.asked = asked;
    if (known !== this.known || color !== this.color) {
      [this.data, this.known, this.color] = [data, known, color];
      this.make(data);
      this.moveTo(Math.max(0, last(data.steps, here ?? Infinity)));
    } else if (moved) {
      this.moveTo(Math.max(0, last(data.steps, here ?? Infinity)));
    }
  }

  // The step, or null at the end: there it follows a run that grows.
  here() {
    return this.index < this.data.steps.length - 1 ? this.data.steps[this.index] : null;
  }

  rest() {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      if (this.playing || this.here() === this.asked) return;
      this.asked = this.here();
      this.setStateValue("step", this.asked);
    }, REST_MS);
  }

  make(data) {
    const films = new Map(data.runs.filter((run) => run.film).map((run) => [run.film, this.films.get(run.film)]));
    for (const address of films.keys()) films.set(address, films.get(address) ?? new Film(address));
    this.films = films;
    const most = Math.max(0, ...data.runs.flatMap((run) => run.latent?.kl.flat() ?? []));
    const template = this.root.querySelector("template");
    this.panels = data.runs.map((run) => new Panel(run, films.get(run.film), data, most, template));
    this.root.querySelector(".panels").replaceChildren(...this.panels.map((panel) => panel.figure));
    this.range.max = data.steps.length - 1;
    this.makeTracks();
    this.drawn = undefined;
  }

  moveTo(index) {
    const to = Math.min(this.data.steps.length - 1, Math.max(0, index));
    this.way = to < this.index ? -1 : 1;
    this.index = to;
    const step = this.data.steps[to];
    this.range.value = to;
    this.range.setAttribute("aria-valuetext", `step ${written(step)}`);
    this.said.textContent = `step ${written(step)}`;
    this.paintTracks();
    this.follow();
    this.rest();
  }

  // Steps that come in while pictures are being decoded are left out, but for the newest.
  async follow() {
    if (this.following) return;
    this.following = true;
    while (this.drawn !== this.index) {
      const [index, panels] = [this.index, this.panels];
      const step = this.data.steps[index];
      const ready = (panel) => panel.load(step).then(() => panel.fresh && panel.paint(step));
      await Promise.all(panels.map(ready));
      await new Promise(requestAnimationFrame);
      if (panels !== this.panels) continue;
      const shown = panels.map((panel) => panel.paint(step));
      this.drawn = index;
      this.root.dispatchEvent(new CustomEvent("scrubbed", { bubbles: true, composed: true, detail: { step, shown } }));
      for (let ahead = 1; ahead <= AHEAD; ahead++) {
        const next = this.data.steps[index + ahead * this.way];
        if (next !== undefined) panels.forEach((panel) => panel.load(next));
      }
    }
    this.following = false;
  }

  play(on) {
    this.playing = on;
    this.button.textContent = on ? "❚❚" : "▶";
    this.button.setAttribute("aria-label", on ? "Pause" : "Play");
    this.button.setAttribute("aria-pressed", String(on));
    clearTimeout(this.timer);
    this.rest();
    if (!on) return;
    if (this.index === this.data.steps.length - 1) this.moveTo(0);
    this.due = performance.now();
    this.beat();
  }

  beat() {
    if (!this.playing || !this.root.isConnected) return;
    const each = 1000 / Number(this.speed.value);
    if (this.drawn === this.index && performance.now() >= this.due) {
      if (this.index === this.data.steps.length - 1) return this.play(false);
      this.due = Math.max(this.due + each, performance.now());
      this.moveTo(this.index + 1);
    }
    this.timer = setTimeout(() => this.beat(), 8);
  }

  // A track for each kind of images: NELBOs of two kinds never stand on one axis.
  makeTracks() {
    const scales = new Map();
    for (const run of this.data.runs) {
      const term = run.terms.find((each) => each.name === "nelbo");
      if (!term || !run.measured.length) continue;
      if (!scales.has(run.scale)) scales.set(run.scale, []);
      scales.get(run.scale).push({ run, values: term.values });
    }
    const end = this.data.steps.at(-1);
    this.tracks = [...scales].map(([scale, lines]) => {
      const canvas = document.createElement("canvas");
      const seen = lines.flatMap(({ run, values }) =>
        values.filter((value, i) => value !== null && run.measured[i] >= Math.min(end / 25, run.measured.at(-1))),
      );
      const move = (event) => {
        const box = canvas.getBoundingClientRect();
        const step = (end * (event.clientX - box.left)) / box.width;
        this.moveTo(nearest(this.data.steps, step));
      };
      canvas.addEventListener("pointerdown", (event) => {
        canvas.setPointerCapture(event.pointerId);
        move(event);
      });
      canvas.addEventListener("pointermove", (event) => event.buttons && move(event));
      const low = Math.min(...seen);
      const sound = seen.filter((value) => value <= low + FAR * Math.max(Math.abs(low), 1));
      return { canvas, lines, scale, low, high: Math.max(...sound), end };
    });
    this.tracks = this.tracks.filter((track) => track.low <= track.high);
    this.root.querySelector(".tracks").replaceChildren(...this.tracks.map((track) => track.canvas));
  }

  paintTracks() {
    for (const track of this.tracks) this.paintTrack(track);
  }

  paintTrack({ canvas, lines, scale, low, high, end }) {
    const [context, width, height] = prepared(canvas);
    const style = getComputedStyle(this.root);
    const x = (step) => 5 + ((width - 10) * step) / (end || 1);
    const y = (value) => 20 + ((height - 26) * (high - value)) / (high - low || 1);
    const step = this.data.steps[this.index];
    context.font = `12px ${style.fontFamily}`;
    context.fillStyle = context.strokeStyle = style.color;
    context.fillText(`NELBO, ${scale}: ${low.toFixed(1)} to ${high.toFixed(1)} nats`, 5, 12);
    context.globalAlpha = 0.5;
    line(context, [[x(step), TOP], [x(step), height]]);
    context.globalAlpha = 1;
    context.rect(0, TOP, width, height - TOP);
    context.clip();
    for (const { run, values } of lines) {
      context.strokeStyle = context.fillStyle = run.color;
      context.lineWidth = 1.8;
      context.setLineDash(run.dashes[1] ? run.dashes : []);
      const points = values.map((value, i) => value !== null && [x(run.measured[i]), y(value)]);
      line(context, points.filter(Boolean));
      context.setLineDash([]);
      const at = last(run.measured, step);
      if (at >= 0 && points[at]) {
        context.beginPath();
        context.arc(points[at][0], Math.max(TOP + 4.5, points[at][1]), 4.5, 0, 2 * Math.PI);
        context.fill();
      }
    }
  }
}

class Panel {
  constructor(run, film, { shown, colors }, most, template) {
    this.run = run;
    this.colors = colors;
    this.film = film;
    this.most = most;
    this.fresh = true;
    this.figure = template.content.firstElementChild.cloneNode(true);
    const mark = this.figure.querySelector(".mark");
    mark.textContent = run.symbol;
    mark.style.color = run.color;
    this.figure.querySelector(".title").textContent = run.title;
    this.numbers = this.figure.querySelector(".numbers");
    this.kinds = PICTURES.filter((kind) => film && shown.includes(kind) && run.places[kind].length);
    this.spaces = ["kl", "means"].filter((kind) => run.latent && shown.includes(kind));
    for (const kind of [...this.kinds, ...this.spaces]) {
      this.canvas(kind).hidden = false;
      this.canvas(kind).setAttribute("aria-label", `${run.title}: still loading`);
    }
    this.steps = Object.fromEntries(PICTURES.map((kind) => [kind, run.places[kind].map((place) => place[0])]));
  }

  canvas(kind) {
    return this.figure.querySelector(`.${kind}`);
  }

  place(kind, step) {
    return this.run.places[kind][last(this.steps[kind], step)];
  }

  async load(step) {
    const places = this.kinds.map((kind) => this.place(kind, step)).filter(Boolean);
    try {
      await Promise.all(places.map((place) => this.film.picture(place)));
    } catch {
      this.failed = true;
    }
  }

  // The step of the pictures that are shown, null before the first.
  paint(step) {
    this.fresh = false;
    let shown = null;
    for (const kind of this.kinds) {
      const [canvas, place] = [this.canvas(kind), this.place(kind, step)];
      const picture = place && this.film.decoded(place);
      const what = kind === "grids" ? "samples" : "reconstructions of held-out images";
      if (picture) {
        if (canvas.width !== picture.width) [canvas.width, canvas.height] = [picture.width, picture.height];
        canvas.getContext("2d").drawImage(picture, 0, 0);
        shown ??= place[0];
      } else {
        canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
      }
      const said = picture ? `${what} at step ${written(place[0])}` : `no ${what} yet`;
      canvas.setAttribute("aria-label", `${this.run.title}: ${said}`);
    }
    this.say(step, shown);
    for (const kind of this.spaces) this.paintSpace(kind, step);
    return shown;
  }

  say(step, shown) {
    const at = last(this.run.measured, step);
    const terms = at < 0 ? [] : this.run.terms;
    const numbers = terms.map(({ label, percent, values }) => `${label} ${number(values[at], percent)}`);
    const first = Math.min(...this.kinds.map((kind) => this.steps[kind][0]));
    if (this.failed) numbers.push("its pictures could not be loaded: reload the page");
    else if (this.kinds.length && shown === null) numbers.push(`first pictures at step ${written(first)}`);
    const end = Math.max(this.run.measured.at(-1) ?? 0, ...this.kinds.map((kind) => this.steps[kind].at(-1)));
    if (step > end) numbers.push(`${this.run.active ? "so far" : "it ended"} at step ${written(end)}`);
    this.numbers.textContent = numbers.join(" · ");
  }

  paintSpace(kind, step) {
    const { steps, kl, means, labels } = this.run.latent;
    const canvas = this.canvas(kind);
    const [context, width, height] = prepared(canvas);
    const at = last(steps, step);
    const found = (kind === "kl" ? kl : means)[at] ?? [];
    context.fillStyle = this.run.color;
    if (kind === "kl") {
      const each = width / Math.max(1, found.length);
      found.forEach((nats, i) => {
        const tall = (height * Math.max(0, nats)) / (this.most || 1);
        context.fillRect(i * each + 1, height - tall, Math.max(1, each - 2), tall);
      });
      const sum = found.reduce((total, nats) => total + nats, 0);
      const said = `KL of ${found.length} dimensions, ${sum.toFixed(2)} nats in all`;
      canvas.setAttribute("aria-label", `${this.run.title}: ${said}`);
    } else {
      this.reach ??= Math.max(WIDE, ...means.flat(2).map(Math.abs));
      context.font = `600 10px ${getComputedStyle(canvas).fontFamily}`;
      context.textAlign = "center";
      context.textBaseline = "middle";
      found.forEach(([u, v], i) => {
        const label = labels[i];
        context.fillStyle = this.colors[label] ?? this.run.color;
        context.fillText(label ?? "•", (width * (1 + u / this.reach)) / 2, (height * (1 - v / this.reach)) / 2);
      });
      canvas.setAttribute("aria-label", `${this.run.title}: codes of ${found.length} images on two dimensions`);
    }
  }
}

class Film {
  constructor(address) {
    this.bytes = fetch(address).then((answer) => {
      if (!answer.ok) throw new Error(`no pictures: ${answer.status}`);
      return answer.blob();
    });
    this.bytes.catch(() => {}); // said where they are shown
    this.pictures = new Map();
  }

  decoded([, start]) {
    return this.pictures.get(start)?.picture;
  }

  picture([, start, end]) {
    const known = this.pictures.get(start) ?? this.decode(start, end);
    this.pictures.delete(start); // the newest stands last
    this.pictures.set(start, known);
    for (const [oldest, { picture }] of this.pictures) {
      if (this.pictures.size <= KEPT) break;
      this.pictures.delete(oldest);
      picture?.close();
    }
    return known.done;
  }

  decode(start, end) {
    const entry = {};
    entry.done = this.bytes
      .then((bytes) => createImageBitmap(bytes.slice(start, end, "image/png")))
      .then((picture) => (entry.picture = picture));
    return entry;
  }
}

function last(steps, step) {
  let [low, high] = [0, steps.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle] <= step) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function nearest(steps, step) {
  const before = Math.max(0, last(steps, step));
  const after = Math.min(steps.length - 1, before + 1);
  return step - steps[before] <= steps[after] - step ? before : after;
}

function line(context, points) {
  context.beginPath();
  points.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.stroke();
}

function prepared(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const dense = globalThis.devicePixelRatio || 1;
  canvas.width = width * dense;
  canvas.height = height * dense;
  const context = canvas.getContext("2d");
  context.setTransform(dense, 0, 0, dense, 0, 0);
  return [context, width, height];
}

function number(value, percent) {
  if (value === null) return "not a number";
  if (percent) return `${(100 * value).toFixed(1)}%`;
  return (Math.abs(value) >= 10000 ? value.toExponential(1) : value.toFixed(2)).replace("-", "−");
}

function written(step) {
  return step.toLocaleString("en");
}
