// The drawing pad: white ink on black paper, by pointer or keyboard.
//
// In: data.side (pixels of the paper), data.label.
// Out: the state `ink`, the grey values row by row as base64, "" for empty paper: a few times a second while drawing.

const PEN = 0.085; // of the paper's side
const KEY_STEP = 0.04;
const SEND_MS = 300;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export default function (component) {
  const paper = component.parentElement.querySelector("canvas");
  paper.pad ??= new Pad(component.parentElement, paper, component.data);
  paper.pad.setStateValue = component.setStateValue;
}

class Pad {
  constructor(root, paper, data) {
    this.paper = paper;
    this.cursor = root.querySelector(".pen");
    this.status = root.querySelector("output");
    paper.width = paper.height = this.side = data.side;
    paper.setAttribute("aria-label", data.label);
    this.ink = paper.getContext("2d", { willReadFrequently: true });
    this.ink.lineCap = this.ink.lineJoin = "round";
    this.ink.lineWidth = PEN * this.side;
    this.ink.strokeStyle = "#fff";
    this.empty = true;
    this.at = [0.5, 0.3];
    this.penDown = false;
    paper.addEventListener("pointerdown", (event) => {
      paper.setPointerCapture(event.pointerId);
      this.drawing = true;
      this.moveTo(this.place(event));
      this.lineTo(this.at);
    });
    paper.addEventListener("pointermove", (event) => {
      if (this.drawing) for (const part of event.getCoalescedEvents?.() ?? [event]) this.lineTo(this.place(part));
    });
    for (const end of ["pointerup", "pointercancel"]) {
      paper.addEventListener(end, () => {
        if (this.drawing) this.send();
        this.drawing = false;
      });
    }
    paper.addEventListener("keydown", (event) => this.key(event));
    paper.addEventListener("focus", () => this.showPen());
    paper.addEventListener("blur", () => (this.cursor.hidden = true));
    root.querySelector("button").addEventListener("click", () => this.clear());
    this.clear(true);
  }

  place(event) {
    const box = this.paper.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  moveTo(at) {
    this.at = at.map((value) => Math.min(1, Math.max(0, value)));
  }

  lineTo(at) {
    this.ink.beginPath();
    this.ink.moveTo(...this.at.map((value) => value * this.side));
    this.moveTo(at);
    this.ink.lineTo(...this.at.map((value) => value * this.side));
    this.ink.stroke();
    this.empty = false;
    this.sending ??= setTimeout(() => this.send(), SEND_MS);
  }

  key(event) {
    const step = ARROWS[event.key];
    if (step) {
      const target = this.at.map((value, axis) => value + KEY_STEP * step[axis]);
      if (this.penDown) this.lineTo(target);
      else this.moveTo(target);
    } else if (event.key === " ") {
      this.penDown = !this.penDown;
      if (this.penDown) this.lineTo(this.at);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.clear();
    } else {
      return;
    }
    event.preventDefault();
    this.showPen();
    this.status.textContent = this.penDown ? "Pen down" : "Pen up";
  }

  showPen() {
    this.cursor.hidden = !this.paper.matches(":focus-visible");
    this.cursor.classList.toggle("down", this.penDown);
    this.cursor.style.left = `${100 * this.at[0]}%`;
    this.cursor.style.top = `${100 * this.at[1]}%`;
  }

  clear(silently = false) {
    this.ink.fillStyle = "#000";
    this.ink.fillRect(0, 0, this.side, this.side);
    this.empty = true;
    this.penDown = false;
    if (!silently) this.send();
  }

  send() {
    clearTimeout(this.sending);
    this.sending = undefined;
    if (!this.paper.isConnected) return;
    this.setStateValue("ink", this.empty ? "" : this.greys());
  }

  greys() {
    const pixels = this.ink.getImageData(0, 0, this.side, this.side).data;
    let bytes = "";
    for (let i = 0; i < pixels.length; i += 4) bytes += String.fromCharCode(pixels[i]);
    return btoa(bytes);
  }
}
