// Where one writes: Enter sends, Shift+Enter breaks the line; completes commands, their subcommands, people, channels and emoji.

import { avatar, h, icon, uniqueId } from "./dom.js";
import { emojiFor, emojiNames } from "./emoji.js";

const MOST_SHOWN = 8;

/** The subcommands of a usage hint such as "declare | status | severity P0-P3": [{word, rest}]. */
export function subcommands(hint) {
  return String(hint ?? "")
    .replace(/^\s*\[|\]\s*$/g, "")
    .split(/\s+\|\s+|\|(?=[a-z])/)
    .map((part) => part.trim())
    .filter(Boolean)
    .map((part) => {
      const [word, ...rest] = part.split(/\s+/);
      return { word, rest: rest.join(" ") };
    })
    .filter(({ word }) => /^[a-z][\w-]*$/i.test(word));
}

/** What could be meant at the caret: {from, to, entries: [{text, label, note, lead}]} or null. */
function completions(text, caret, host) {
  const before = text.slice(0, caret);
  return commandCompletions(before, host) ?? mentionCompletions(before, host) ?? emojiCompletions(before);
}

function commandCompletions(before, host) {
  if (!host.allowCommands || !before.startsWith("/") || before.includes("\n")) return null;
  const space = before.indexOf(" ");
  if (space < 0) {
    const entries = host.commands()
      .filter((command) => command.command.startsWith(before))
      .map((command) => ({ text: `${command.command} `, label: command.command, note: command.description ?? "", lead: icon("slash") }));
    return entries.length ? { from: 0, entries } : null;
  }
  const command = host.commands().find((one) => one.command === before.slice(0, space));
  const typed = before.slice(space + 1);
  if (!command || /\s/.test(typed)) return null;
  const entries = subcommands(command.usage_hint)
    .filter(({ word }) => word.startsWith(typed.toLowerCase()) && (word !== typed || !typed))
    .map(({ word, rest }) => ({ text: `${word} `, label: word, note: rest, lead: icon("bolt") }));
  return entries.length ? { from: space + 1, entries } : null;
}

function mentionCompletions(before, host) {
  const found = /(^|[\s(])([@#])([\w.-]*)$/.exec(before);
  if (!found) return null;
  const [, , mark, typed] = found;
  const wanted = typed.toLowerCase();
  const from = before.length - typed.length - 1;
  const entries = mark === "@"
    ? host.names.people({ withBots: true })
        .filter((user) => user.name.toLowerCase().startsWith(wanted) || (user.real_name ?? "").toLowerCase().includes(wanted))
        .map((user) => ({ text: `@${user.name} `, label: user.real_name || user.name, note: `@${user.name}`, lead: avatar(user, "tiny") }))
        .concat(groupEntries(host.names, wanted))
    : host.names.channels()
        .filter((channel) => !channel.is_im && channel.name.includes(wanted))
        .map((channel) => ({ text: `#${channel.name} `, label: `#${channel.name}`, note: "", lead: icon("hash") }));
  return entries.length ? { from, entries } : null;
}

function groupEntries(names, wanted) {
  return names
    .groups()
    .filter((group) => group.handle.startsWith(wanted))
    .map((group) => ({ text: `@${group.handle} `, label: `@${group.handle}`, note: group.name ?? "", lead: icon("bell") }));
}

function emojiCompletions(before) {
  const found = /(^|\s):([a-z0-9_+-]{2,})$/.exec(before);
  if (!found) return null;
  const entries = emojiNames(found[2]).map((name) => ({ text: `:${name}: `, label: `:${name}:`, note: "", lead: h("span", { class: "emoji" }, emojiFor(name)) }));
  return entries.length ? { from: before.length - found[2].length - 1, entries } : null;
}

/**
 * A composer. `host`: {names, commands(), allowCommands, place(), send(text, place) → Promise, upload?(file)}.
 * `place` is who writes where, as it was when Enter was pressed.
 * A text that could not be sent comes back into the field.
 */
export class Composer {
  constructor(host, { label }) {
    this.host = host;
    this.waiting = 0;
    this.last = Promise.resolve();
    this.offer = null;
    this.chosen = 0;
    const listId = uniqueId("completions");
    this.field = h("textarea", {
      class: "composer-field", rows: "1", "aria-label": label, placeholder: label, role: "combobox", "aria-autocomplete": "list",
      "aria-expanded": "false", "aria-controls": listId, spellcheck: "true", enterkeyhint: "send",
    });
    this.list = h("div", { class: "completions", role: "listbox", id: listId, "aria-label": "Suggestions", hidden: true });
    this.hint = h("div", { class: "composer-hint", "aria-live": "polite" });
    this.button = h("button", { type: "submit", class: "send", "aria-label": "Send", disabled: true }, icon("send"));
    this.tools = this.toolButtons();
    this.form = h("form", { class: "composer" }, this.list, this.field, h("div", { class: "composer-tools" }, this.tools, this.hint, this.button));
    this.node = h("div", { class: "composer-frame" }, this.form);
    this.form.addEventListener("submit", (event) => (event.preventDefault(), this.submit()));
    this.field.addEventListener("input", () => (this.grow(), this.suggest()));
    this.field.addEventListener("click", () => this.suggest());
    this.field.addEventListener("blur", () => window.setTimeout(() => this.hide(), 150));
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.form.addEventListener("pointerdown", (event) => {
      if (event.target === this.form) (event.preventDefault(), this.focus());
    });
  }

  toolButtons() {
    const buttons = [];
    if (this.host.allowCommands) {
      buttons.push(h("button", { type: "button", class: "icon-button", "aria-label": "Commands", title: "Commands", onclick: () => this.begin("/") }, icon("slash")));
    }
    if (this.host.upload) {
      const file = h("input", { type: "file", class: "visually-hidden", tabindex: "-1", "aria-hidden": "true" });
      file.addEventListener("change", () => {
        if (file.files[0]) this.host.upload(file.files[0]);
        file.value = "";
      });
      buttons.push(file, h("button", { type: "button", class: "icon-button", "aria-label": "Attach a file", title: "Attach a file", onclick: () => file.click() }, icon("clip")));
    }
    buttons.push(h("button", { type: "button", class: "icon-button", "aria-label": "Mention somebody", title: "Mention somebody", onclick: () => this.insert("@") }, h("span", { class: "at", "aria-hidden": "true" }, "@")));
    return h("div", { class: "tool-group" }, buttons);
  }

  get text() {
    return this.field.value;
  }

  set text(value) {
    this.field.value = value;
    this.hide();
    this.grow();
  }

  focus() {
    this.field.focus({ preventScroll: true });
  }

  begin(text) {
    this.text = text;
    this.focus();
    this.field.setSelectionRange(text.length, text.length);
    this.suggest();
  }

  insert(mark) {
    const { selectionStart: at, value } = this.field;
    const space = at > 0 && !/\s$/.test(value.slice(0, at)) ? " " : "";
    this.field.setRangeText(space + mark, at, at, "end");
    this.focus();
    this.grow();
    this.suggest();
  }

  rename(label) {
    this.field.setAttribute("aria-label", label);
    this.field.placeholder = label;
  }

  grow() {
    this.field.style.setProperty("height", "auto");
    this.field.style.setProperty("height", `${Math.min(this.field.scrollHeight, 200)}px`);
    this.button.disabled = this.field.value.trim() === "";
    this.form.classList.toggle("is-command", this.host.allowCommands && this.field.value.startsWith("/"));
  }

  suggest() {
    const found = completions(this.field.value, this.field.selectionStart ?? 0, this.host);
    this.showUsage();
    if (!found) return this.hide();
    this.offer = { ...found, entries: found.entries.slice(0, 40) };
    this.chosen = 0;
    return this.drawOffer();
  }

  /** While a command's words are typed, its arguments are shown beside the field. */
  showUsage() {
    const [, command, word] = /^(\/\S+)\s+(\S+)\s/.exec(this.field.value) ?? [];
    const usage = command && subcommands(this.host.commands().find((one) => one.command === command)?.usage_hint).find((one) => one.word === word);
    this.hint.textContent = usage?.rest ? `${word} ${usage.rest}` : "";
  }

  drawOffer() {
    const { entries } = this.offer;
    this.list.replaceChildren(
      ...entries.map((entry, index) =>
        h("div", {
          class: "completion", role: "option", id: `${this.list.id}-${index}`, "aria-selected": String(index === this.chosen),
          onpointerdown: (event) => (event.preventDefault(), (this.chosen = index), this.take()),
        }, h("span", { class: "completion-lead", "aria-hidden": "true" }, entry.lead), h("span", { class: "completion-label" }, entry.label), h("span", { class: "completion-note" }, entry.note)),
      ),
    );
    this.list.hidden = false;
    this.list.style.setProperty("--rows", String(Math.min(entries.length, MOST_SHOWN)));
    this.field.setAttribute("aria-expanded", "true");
    this.field.setAttribute("aria-activedescendant", `${this.list.id}-${this.chosen}`);
    this.list.children[this.chosen]?.scrollIntoView({ block: "nearest" });
  }

  hide() {
    this.offer = null;
    this.list.hidden = true;
    this.field.setAttribute("aria-expanded", "false");
    this.field.removeAttribute("aria-activedescendant");
  }

  take() {
    const { from, entries } = this.offer;
    this.field.setRangeText(entries[this.chosen].text, from, this.field.selectionStart, "end");
    this.grow();
    this.suggest();
  }

  key(event) {
    if (event.isComposing) return;
    if (this.offer && this.offerKey(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "ArrowUp" && this.text === "" && this.host.editLast?.()) {
      event.preventDefault();
    }
  }

  offerKey(event) {
    const { entries } = this.offer;
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in moves) {
      this.chosen = (this.chosen + moves[event.key] + entries.length) % entries.length;
      this.drawOffer();
    } else if (event.key === "Tab" && !event.shiftKey) this.take();
    else if (event.key === "Enter" && !event.shiftKey && this.takesEnter()) this.take();
    else if (event.key === "Escape") this.hide();
    else return false;
    event.preventDefault();
    return true;
  }

  /** Enter completes what is half typed; a command that stands on its own ("/incident ") is sent. */
  takesEnter() {
    const typed = this.field.value.slice(this.offer.from, this.field.selectionStart);
    const whole = typed === this.offer.entries[this.chosen].text.trim();
    return this.chosen > 0 || (typed.trim() !== "" && !whole);
  }

  /** Sends what is written; what is sent before the last one has arrived goes after it, in order. */
  submit() {
    const text = this.text;
    if (text.trim() === "") return;
    this.text = "";
    this.hint.textContent = "";
    this.waiting += 1;
    this.form.classList.add("sending");
    this.form.setAttribute("aria-busy", "true");
    const place = this.host.place();
    this.last = this.last.then(() => this.deliver(text, place));
  }

  async deliver(text, place) {
    try {
      await this.host.send(text, place);
    } catch (error) {
      this.text = this.text === "" ? text : `${text}\n${this.text}`;
      this.host.failed(error);
    } finally {
      this.waiting -= 1;
      this.form.classList.toggle("sending", this.waiting > 0);
      if (this.waiting === 0) this.form.removeAttribute("aria-busy");
    }
  }
}
