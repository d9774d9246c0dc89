// Modals and App Home: the app's views. The server keeps the stack; this shows its top.

import { h, icon, toast, uniqueId } from "./dom.js";
import { renderBlocks, valuesOf } from "./blocks.js";
import { openDialog } from "./dialogs.js";
import { textObject, wordsOf } from "./mrkdwn.js";

/** All open modals of the person. `host`: {names, act(action, fields), channel(), appName()}. */
export class Modals {
  constructor(host) {
    this.host = host;
    this.open = new Map();
    this.returnTo = null;
  }

  /** A view was opened or pushed on another. */
  show(view) {
    if (this.open.has(view.id)) return this.update(view);
    if (this.open.size === 0) this.returnTo = document.activeElement;
    const modal = new Modal(view, this.host, this.returnTo);
    this.open.set(view.id, modal);
    return this.restack();
  }

  update(view) {
    const modal = this.open.get(view.id);
    if (modal) modal.draw(view);
    else this.show(view);
  }

  remove(view) {
    this.open.get(view.id)?.close();
    this.open.delete(view.id);
    this.restack();
  }

  /** Shows exactly these views, oldest first; used after the line was down. */
  replaceAll(views) {
    const ids = new Set(views.map((view) => view.id));
    for (const id of [...this.open.keys()]) if (!ids.has(id)) this.remove({ id });
    for (const view of views) this.show(view);
  }

  restack() {
    const all = [...this.open.values()];
    all.forEach((modal, index) => modal.dialog.classList.toggle("under", index < all.length - 1));
    all.at(-1)?.focusIn();
  }
}

class Modal {
  constructor(view, host, returnTo) {
    this.host = host;
    this.surface = null;
    this.title = uniqueId("modal");
    this.frame = h("form", { class: "dialog-frame", novalidate: true });
    this.frame.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    const box = openDialog(this.frame, { label: this.title, style: "modal", returnTo, onDismiss: () => (this.dismiss(), false) });
    this.dialog = box.dialog;
    this.close = box.close;
    this.sending = false;
    this.draw(view);
  }

  draw(view) {
    const focused = this.focusMark();
    const held = this.frame.contains(document.activeElement);
    const { selectionStart, selectionEnd } = document.activeElement;
    const kept = this.surface ? keptValues(this.surface) : undefined;
    this.view = view;
    this.surface = {
      kind: "modal", id: `v:${view.id}`, names: this.host.names, channel: this.host.channel(), inputs: new Map(), kept,
      press: (action) => this.host.act("press", { view_id: this.view.id, ...action }),
      failed: (error) => toast(error.message, { kind: "error" }),
    };
    const back = Boolean(view.previous_view_id);
    this.banner = h("div", { class: "form-error", role: "alert" });
    this.submitButton = view.submit ? h("button", { type: "submit", class: "button primary solid" }, textObject(view.submit)) : null;
    const closeButton = h("button", { type: "button", class: "button", onclick: () => this.dismiss() }, view.close ? textObject(view.close) : view.submit ? "Cancel" : "Close");
    this.body = h("div", { class: "dialog-scroll" }, this.banner, renderBlocks(view.blocks ?? [], this.surface));
    this.frame.replaceChildren(
      h("header", { class: "dialog-head" },
        h("h2", { id: this.title }, textObject(view.title)),
        h("button", { type: "button", class: "icon-button", "aria-label": back ? "Back" : "Close", onclick: () => this.dismiss() }, icon(back ? "back" : "close"))),
      this.body,
      h("footer", { class: "dialog-foot" }, h("span", { class: "from-app" }, `From ${this.host.appName()}`), closeButton, this.submitButton),
    );
    this.setSending(this.sending);
    const again = focused && this.frame.querySelector(focused);
    if (again) {
      again.focus();
      // Who was typing goes on where they were.
      if (selectionStart != null) again.setSelectionRange?.(selectionStart, selectionEnd);
    }
    else if (held) this.focusIn(true);
  }

  /** A selector for the control that has focus, so that an update of the view does not lose it. */
  focusMark() {
    const active = document.activeElement;
    if (!this.frame.contains(active)) return null;
    const action = active.closest("[data-action]")?.dataset.action;
    const block = active.closest("[data-block]")?.dataset.block;
    if (action === undefined) return null;
    return `[data-block="${CSS.escape(block ?? "")}"] [data-action="${CSS.escape(action)}"]`;
  }

  /** Focus goes to the first field, once; `afresh` when what had focus is gone (a form that was still loading). */
  focusIn(afresh = false) {
    if (this.focused && !afresh && this.dialog.contains(document.activeElement)) return;
    this.focused = true;
    const field = this.body.querySelector("[data-autofocus]") ?? this.body.querySelector("input, textarea, select, button");
    (field ?? this.frame.querySelector(".dialog-foot button:last-child"))?.focus();
  }

  dismiss() {
    if (this.sending) return;
    this.host.act("close_view", { view_id: this.view.id }).catch((error) => {
      // A view that the server no longer knows has nothing to wait for.
      if (error.code === "view_not_found") this.close();
      else toast(error.message, { kind: "error" });
    });
  }

  async submit() {
    if (this.sending || !this.view.submit) return;
    const problems = checkInputs(this.surface);
    this.showErrors(problems);
    if (Object.keys(problems).length) return;
    this.setSending(true);
    try {
      const answer = await this.host.act("submit_view", { view_id: this.view.id, values: valuesOf(this.surface) });
      this.setSending(false);
      if (answer.errors) this.showErrors(answer.errors);
    } catch (error) {
      this.setSending(false);
      this.banner.textContent = error.message;
      this.body.scrollTop = 0;
    }
  }

  setSending(sending) {
    this.sending = sending;
    this.frame.classList.toggle("sending", sending);
    this.submitButton?.classList.toggle("busy", sending);
    if (sending) this.submitButton?.setAttribute("aria-busy", "true");
    else this.submitButton?.removeAttribute("aria-busy");
  }

  /** Errors by block id under their fields; those of no field stand at the top. The first field takes focus. */
  showErrors(errors) {
    const left = { ...errors };
    let first = null;
    this.banner.textContent = "";
    for (const input of this.surface.inputs.values()) {
      const place = input.error ? document.getElementById(input.error) : null;
      if (!place) continue;
      const text = left[input.block_id];
      delete left[input.block_id];
      place.textContent = text ?? "";
      const control = input.node.matches("input, select, textarea") ? input.node : input.node.querySelector("input, select") ?? input.node;
      if (text) control.setAttribute("aria-invalid", "true");
      else control.removeAttribute("aria-invalid");
      if (text) first ??= control;
    }
    const rest = Object.values(left);
    if (rest.length) this.banner.textContent = rest.join(" ");
    first?.focus();
    first?.scrollIntoView({ block: "center" });
  }
}

function keptValues(surface) {
  const kept = new Map();
  for (const [key, input] of surface.inputs) kept.set(key, input.read());
  return kept;
}

/** What the page itself can say before the app is asked: missing and too short or long. */
function checkInputs(surface) {
  const problems = {};
  for (const input of surface.inputs.values()) {
    if (!input.element) continue;
    const { type: _, ...fields } = input.read();
    const value = Object.values(fields)[0];
    const empty = value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0) || (typeof value === "string" && !value.trim());
    const problem = empty ? (input.required ? "Fill this in to go on." : null) : lengthProblem(input.element, value);
    if (problem) problems[input.block_id] = problem;
  }
  return problems;
}

function lengthProblem(element, value) {
  if (typeof value !== "string") return null;
  if (element.min_length && value.length < element.min_length) return `Write at least ${element.min_length} characters.`;
  if (element.max_length && value.length > element.max_length) return `Write at most ${element.max_length} characters.`;
  if (element.type === "email_text_input" && !/^\S+@\S+\.\S+$/.test(value)) return "Write an e-mail address, like name@example.com.";
  if (element.type === "url_text_input" && !/^https?:\/\/\S+$/i.test(value)) return "Write a web address that begins with https://.";
  if (element.type === "number_input") return numberProblem(element, value);
  return null;
}

function numberProblem(element, value) {
  const number = Number(value);
  if (!Number.isFinite(number)) return "Write a number.";
  if (!element.is_decimal_allowed && !Number.isInteger(number)) return "Write a whole number.";
  if (element.min_value !== undefined && number < Number(element.min_value)) return `The least is ${element.min_value}.`;
  if (element.max_value !== undefined && number > Number(element.max_value)) return `The most is ${element.max_value}.`;
  return null;
}

/** The App Home of the person, as an element. */
export function renderHome(view, host) {
  const surface = {
    kind: "home", id: `home:${view.id ?? ""}`, names: host.names, channel: null, inputs: new Map(),
    press: (action) => host.act("press", { view_id: view.id, ...action }),
    failed: (error) => toast(error.message, { kind: "error" }),
  };
  return h("div", { class: "home", "aria-label": wordsOf(view.title) || "Home" }, renderBlocks(view.blocks ?? [], surface));
}
