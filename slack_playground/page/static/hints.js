// The card of the first visit: three things to try, ticked off as they are done.

import { bell, h, icon } from "./dom.js";

const STORE = "playground-hints";
const STEPS = ["write", "press", "switch"];

function remembered() {
  try {
    return JSON.parse(window.localStorage.getItem(STORE)) ?? { done: [], closed: false };
  } catch {
    return { done: [], closed: false };
  }
}

/** The card. `host`: {tour(): {channel, example, button, person} | null, writeExample(), becomeLead(), leadName(), isHome(): boolean}. */
export class Hints {
  constructor(host) {
    this.host = host;
    this.memory = remembered();
    this.node = h("section", { class: "hints", "aria-label": "What to try" });
  }

  store() {
    try {
      window.localStorage.setItem(STORE, JSON.stringify(this.memory));
    } catch {
      // A browser that keeps nothing shows the card again next time.
    }
  }

  /** Ticks a step off: "write", "press" or "switch". */
  done(step) {
    if (this.memory.done.includes(step)) return;
    this.memory.done.push(step);
    this.store();
    this.draw();
  }

  open(yes) {
    this.memory.closed = !yes;
    if (yes && STEPS.every((step) => this.memory.done.includes(step))) this.memory.done = [];
    this.store();
    this.draw();
  }

  get isOpen() {
    return !this.memory.closed;
  }

  draw() {
    const tour = this.host.tour();
    this.node.hidden = !tour || this.memory.closed || !(this.asked || this.host.isHome());
    if (this.node.hidden) return;
    const all = STEPS.every((step) => this.memory.done.includes(step));
    const next = STEPS.find((step) => !this.memory.done.includes(step));
    this.node.replaceChildren(
      h("header", {}, bell(), h("h2", {}, all ? "That is the whole round" : "New here? Three things to try"),
        h("button", { type: "button", class: "icon-button", "aria-label": "Close the hints", onclick: () => this.open(false) }, icon("close"))),
      h("ol", {},
        this.step("write", next, ["Write in ", h("strong", {}, `#${tour.channel}`)], h("button", { type: "button", class: "button small", onclick: () => this.host.writeExample() }, "Write an example")),
        this.step("press", next, ["Press ", h("strong", {}, tour.button), " on the answer in its thread"], null),
        this.step("switch", next, ["Be the ", h("strong", {}, this.host.leadName()), " and let time run faster: who is called?"], h("button", { type: "button", class: "button small", onclick: () => this.host.becomeLead() }, "Switch"))),
    );
  }

  step(name, next, words, button) {
    const done = this.memory.done.includes(name);
    return h("li", { class: `${done ? "done" : ""} ${name === next ? "next" : ""}` },
      h("span", { class: "tick" }, done ? icon("check") : null, h("span", { class: "visually-hidden" }, done ? "Done: " : "")),
      h("span", { class: "hint-words" }, words), done ? null : button);
  }
}
