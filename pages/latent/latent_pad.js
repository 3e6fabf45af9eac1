// The latent pad: a plane through latent space to drag in, and the image decoded at its point, drawn once a frame.
//
// In: data.decoder (name of a decoder of decoder.js), data.plane (center, across, up: what the decoder takes, and
// each axis's step), data.reach, data.point [u, v], data.label, data.axes [across, up], data.backdrop ("digits" or
// "codes"), data.codes [[u, v, class], ...], data.colors (one for each class), data.marks [[u, v, text], ...].
// Out: the state `point`, once the pointer or the keyboard rests. On the page: an event "decoded" for every image
// drawn, with the latent and its pixels.

const TILES = 15;
const STEP = 0.05; // a point is kept in these steps, those of the sliders beside the pad
const KEY_STEP = 0.1;
const LEAP = 5; // key steps with Shift
const REST_MS = 400;
const SLICE_MS = 12; // of each frame, for the backdrop
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };

export default function (component) {
  const stage = component.parentElement.querySelector(".stage");
  stage.pad ??= new Pad(component.parentElement, stage);
  stage.pad.update(component.data, component.setStateValue);
}

class Pad {
  constructor(root, stage) {
    this.stage = stage;
    this.handle = root.querySelector(".handle");
    this.backdrop = root.querySelector(".backdrop");
    this.digit = root.querySelector(".digit");
    this.caption = root.querySelector("figcaption");
    this.axes = [root.querySelector(".axis.across"), root.querySelector(".axis.up")];
    this.point = [0, 0];
    const arrival = () => {
      if (stage.isConnected) this.redrawAll();
      else document.removeEventListener("elbo-lab-decoder", arrival);
    };
    document.addEventListener("elbo-lab-decoder", arrival);
    stage.addEventListener("pointerdown", (event) => this.press(event));
    stage.addEventListener("pointermove", (event) => this.dragging && this.follow(event));
    for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, () => this.release());
    stage.addEventListener("keydown", (event) => this.key(event));
  }

  get decode() {
    return globalThis.elboLabDecoders?.get(this.data.decoder);
  }

  update(data, setStateValue) {
    this.setStateValue = setStateValue;
    const known = JSON.stringify(data.point);
    const { point, ...rest } = data;
    const drawn = JSON.stringify(rest) + getComputedStyle(this.stage).color;
    const moved = known !== this.known && !this.dragging && !this.resting;
    this.data = data;
    if (moved) this.point = [...point];
    this.known = known;
    if (drawn !== this.drawn) {
      this.drawn = drawn;
      this.stage.setAttribute("aria-label", data.label);
      this.axes.forEach((axis, i) => (axis.textContent = data.axes[i]));
      this.redrawAll();
    } else if (moved) {
      this.redraw();
    }
  }

  redrawAll() {
    if (!this.data || !this.decode) return;
    this.redraw();
    cancelAnimationFrame(this.painting);
    this.paintBackdrop();
  }

  // At most one image a frame, however many pointer events come in.
  redraw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.draw();
    });
  }

  latent([u, v]) {
    const { center, across, up } = this.data.plane;
    return Float32Array.from(center, (middle, i) => middle + u * across[i] + v * up[i]);
  }

  draw() {
    if (!this.decode) return;
    const latent = this.latent(this.point);
    const pixels = this.decode(latent);
    const side = Math.sqrt(pixels.length);
    if (this.digit.width !== side) this.digit.width = this.digit.height = side;
    const image = new ImageData(side, side);
    pixels.forEach((value, i) => image.data.set([255 * value, 255 * value, 255 * value, 255], 4 * i));
    this.digit.getContext("2d").putImageData(image, 0, 0);
    const [x, y] = this.point.map((value) => value / this.data.reach);
    this.handle.style.left = `${50 + 50 * x}%`;
    this.handle.style.top = `${50 - 50 * y}%`;
    const [u, v] = this.point.map((value) => value.toFixed(2).replace("-", "\u2212"));
    this.caption.textContent = `across ${u}, up ${v}`;
    this.stage.setAttribute("aria-valuemin", -this.data.reach);
    this.stage.setAttribute("aria-valuemax", this.data.reach);
    this.stage.setAttribute("aria-valuenow", this.point[0].toFixed(2));
    this.stage.setAttribute("aria-valuetext", this.caption.textContent);
    this.stage.dispatchEvent(
      new CustomEvent("decoded", { bubbles: true, composed: true, detail: { latent, pixels } }),
    );
  }

  press(event) {
    this.stage.setPointerCapture(event.pointerId);
    this.dragging = true;
    this.follow(event);
  }

  follow(event) {
    const box = this.stage.getBoundingClientRect();
    const { reach } = this.data;
    this.moveTo([
      reach * ((2 * (event.clientX - box.left)) / box.width - 1),
      reach * (1 - (2 * (event.clientY - box.top)) / box.height),
    ]);
  }

  release() {
    if (!this.dragging) return;
    this.dragging = false;
    this.rest();
  }

  key(event) {
    const middle = event.key === "Home";
    const arrow = ARROWS[event.key];
    if (!arrow && !middle) return;
    event.preventDefault();
    const step = KEY_STEP * (event.shiftKey ? LEAP : 1);
    this.moveTo(middle ? [0, 0] : this.point.map((value, i) => value + step * arrow[i]));
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.rest(), REST_MS);
  }

  moveTo(point) {
    const { reach } = this.data;
    this.point = point.map((value) => Math.min(reach, Math.max(-reach, value)));
    this.redraw();
  }

  rest() {
    clearTimeout(this.resting);
    this.resting = undefined;
    this.point = this.point.map((value) => Number((Math.round(value / STEP) * STEP).toFixed(2)));
    this.redraw();
    this.known = JSON.stringify(this.point);
    this.setStateValue("point", this.point);
  }

  paintBackdrop() {
    const { width } = this.backdrop;
    const context = this.backdrop.getContext("2d");
    context.clearRect(0, 0, width, width);
    if (this.data.backdrop === "codes") this.paintCodes(context, width);
    else this.paintDigits(context, width);
  }

  paintCodes(context, width) {
    context.globalAlpha = 0.85;
    for (const [u, v, kind] of this.data.codes) {
      context.fillStyle = this.data.colors[kind];
      context.beginPath();
      context.arc(...this.onCanvas(u, v, width), 5, 0, 2 * Math.PI);
      context.fill();
    }
    context.globalAlpha = 1;
    this.data.colors.forEach((color, kind) => {
      const own = this.data.codes.filter((code) => code[2] === kind);
      if (own.length) this.write(context, String(kind), middle(own, 0), middle(own, 1), color);
    });
    this.paintMarks(context, width);
  }

  // Digits decoded all over the plane, in the text's colour, a slice of them each frame.
  paintDigits(context, width) {
    const [red, green, blue] = getComputedStyle(this.stage).color.match(/\d+/g).map(Number);
    const tile = width / TILES;
    let next = 0;
    const slice = () => {
      const until = performance.now() + SLICE_MS;
      while (next < TILES * TILES && performance.now() < until) {
        const [column, row] = [next % TILES, Math.floor(next / TILES)];
        next += 1;
        const { reach } = this.data;
        const cell = (2 * reach) / TILES;
        const pixels = this.decode(this.latent([(column + 0.5) * cell - reach, reach - (row + 0.5) * cell]));
        const side = Math.sqrt(pixels.length);
        const image = new ImageData(side, side);
        pixels.forEach((value, i) => image.data.set([red, green, blue, 150 * value], 4 * i));
        this.stamp ??= document.createElement("canvas");
        this.stamp.width = this.stamp.height = side;
        this.stamp.getContext("2d").putImageData(image, 0, 0);
        context.drawImage(this.stamp, column * tile, row * tile, tile, tile);
      }
      if (next < TILES * TILES) this.painting = requestAnimationFrame(slice);
      else this.paintMarks(context, width);
    };
    slice();
  }

  paintMarks(context, width) {
    const color = getComputedStyle(this.stage).getPropertyValue("--st-primary-color");
    for (const [u, v, text] of this.data.marks) {
      this.write(context, text, u, v, color);
      context.strokeStyle = color;
      context.lineWidth = 3;
      context.beginPath();
      context.arc(...this.onCanvas(u, v, width), 26, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  write(context, text, u, v, color) {
    const style = getComputedStyle(this.stage);
    const place = this.onCanvas(u, v, this.backdrop.width);
    context.font = `700 44px ${style.fontFamily}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    context.lineWidth = 10;
    context.strokeStyle = style.getPropertyValue("--st-background-color");
    context.strokeText(text, ...place);
    context.fillStyle = color;
    context.fillText(text, ...place);
  }

  onCanvas(u, v, width) {
    const { reach } = this.data;
    return [(width * (1 + u / reach)) / 2, (width * (1 - v / reach)) / 2];
  }
}

function middle(rows, column) {
  const values = rows.map((row) => row[column]).sort((a, b) => a - b);
  return values[values.length >> 1];
}
