// What can be done with a message: a bar that follows pointer and focus, a menu, a picker, and a place to edit.

import { fill, h, icon, openMenu, place } from "./dom.js";
import { PICKER, QUICK, emojiFor, emojiWords } from "./emoji.js";
import { unescape } from "./mrkdwn.js";

const LONG_PRESS_MS = 450;
const STILL_PX = 10; // a finger that is held moves that much

/** A finger that held a message down is still on the page: lifting it presses nothing that opened under it. */
function ignoreLift() {
  const swallow = (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  const over = () => {
    window.removeEventListener("click", swallow, true);
    for (const next of ["pointerdown", "keydown"]) window.removeEventListener(next, over, true);
  };
  window.addEventListener("click", swallow, true);
  for (const next of ["pointerdown", "keydown"]) window.addEventListener(next, over, true);
}

/** `host`: {state(), names, react(message, name, add), openThread(ts), edit(message, text), remove(message), shortcut(callback, message), copyLink(message), copyText(message)}. */
export class MessageTools {
  constructor(host) {
    this.host = host;
    this.message = null;
    this.bar = h("div", { class: "tools", role: "toolbar", "aria-label": "Message actions" });
  }

  /** Makes a row show its tools on hover and focus, and its menu on a long press. */
  attach(row, message, thread) {
    row.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && this.show(row, message, thread));
    row.addEventListener("focusin", (event) => event.target.matches(":focus-visible") && this.show(row, message, thread, true));
    row.addEventListener("contextmenu", (event) => {
      if (event.target.closest("a, input, textarea") || window.getSelection()?.toString()) return;
      event.preventDefault();
      if (held) return; // the browser's own name for the press that has opened the menu
      this.menu(message, row, { x: event.clientX, y: event.clientY });
    });
    let timer = 0;
    let held = false;
    let from = null;
    const cancel = () => window.clearTimeout(timer);
    row.addEventListener("pointerdown", (event) => {
      held = false;
      if (event.pointerType === "mouse" || event.target.closest("button, a, input, select, textarea")) return;
      from = { x: event.clientX, y: event.clientY };
      timer = window.setTimeout(() => {
        held = true;
        ignoreLift();
        this.menu(message, row, from);
      }, LONG_PRESS_MS);
    });
    row.addEventListener("pointermove", (event) => {
      if (from && Math.hypot(event.clientX - from.x, event.clientY - from.y) > STILL_PX) cancel();
    });
    for (const end of ["pointerup", "pointercancel", "pointerleave"]) row.addEventListener(end, cancel);
  }

  show(row, message, thread, byFocus = false) {
    if (this.bar.parentNode === row) return;
    if (!byFocus && this.bar.contains(document.activeElement)) return;
    if (row.querySelector(".editor")) return;
    this.message = message;
    const button = (name, label, run) => h("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick: run }, icon(name));
    const buttons = message.is_ephemeral
      ? [button("trash", "Dismiss", () => this.host.remove(message))]
      : [
          ...QUICK.slice(0, 3).map((name) =>
            h("button", { type: "button", class: "icon-button quick", "aria-label": `React with ${emojiWords(name)}`, title: emojiWords(name), onclick: () => this.toggle(message, name) }, emojiFor(name)),
          ),
          button("react", "Add a reaction", (event) => this.pick(message, event.currentTarget)),
          thread ? null : button("reply", "Reply in thread", () => this.host.openThread(message.thread_ts ?? message.ts)),
          button("more", "More actions", (event) => this.menu(message, event.currentTarget)),
        ];
    fill(this.bar, buttons);
    row.append(this.bar);
  }

  toggle(message, name) {
    const mine = (message.reactions ?? []).some((reaction) => reaction.name === name && reaction.users.includes(this.host.names.me()));
    this.host.react(message, name, !mine);
  }

  menu(message, anchor, point = null) {
    const { state } = this.host;
    const mine = message.user === state().me && !message.bot_id;
    const shortcuts = state().shortcuts.filter((shortcut) => shortcut.type === "message");
    const entries = message.is_ephemeral
      ? [{ label: "Copy text", icon: "file", run: () => this.host.copyText(message) }, { label: "Dismiss", icon: "trash", run: () => this.host.remove(message) }]
      : [
          { label: "Reply in thread", icon: "reply", run: () => this.host.openThread(message.thread_ts ?? message.ts) },
          { label: "Add a reaction…", icon: "react", run: () => this.pick(message, anchor, point) },
          { label: "Copy link", icon: "link", run: () => this.host.copyLink(message) },
          { label: "Copy text", icon: "file", run: () => this.host.copyText(message) },
          ...(shortcuts.length ? [null, ...shortcuts.map((shortcut) => ({ label: shortcut.name, note: state().app.name, icon: "bolt", run: () => this.host.shortcut(shortcut.callback_id, message) }))] : []),
          ...(mine ? [null, { label: "Edit message", icon: "edit", run: () => this.edit(message, anchor) }, { label: "Delete message", icon: "trash", danger: true, run: () => this.host.remove(message) }] : []),
        ];
    openMenu(anchor, entries, { label: "Message actions", at: point });
  }

  /** A grid of emoji; arrow keys move, Esc closes. */
  pick(message, anchor, point = null) {
    const cover = h("div", { class: "menu-cover" });
    const grid = h("div", { class: "menu picker", role: "menu", "aria-label": "Choose a reaction" });
    const close = () => (cover.remove(), grid.remove());
    const buttons = PICKER.map((name) =>
      h("button", { type: "button", role: "menuitem", class: "pick", "aria-label": emojiWords(name), title: `:${name}:`, onclick: () => (close(), this.toggle(message, name)) }, emojiFor(name)),
    );
    grid.append(...buttons);
    grid.addEventListener("keydown", (event) => {
      const at = buttons.indexOf(document.activeElement);
      const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 6, ArrowUp: -6 }[event.key];
      if (step) {
        event.preventDefault();
        buttons[(at + step + buttons.length) % buttons.length].focus();
      } else if (event.key === "Escape" || event.key === "Tab") {
        event.preventDefault();
        close();
        if (anchor?.isConnected) anchor.focus();
      }
    });
    cover.addEventListener("pointerdown", close);
    document.body.append(cover, grid);
    place(grid, anchor, point);
    buttons[0].focus();
  }

  /** Turns a message into a field; Enter saves, Esc gives up. */
  edit(message, anchor) {
    const row = anchor.closest(".message");
    const content = row?.querySelector(".content");
    if (!content || row.querySelector(".editor")) return;
    this.bar.remove();
    const field = h("textarea", { class: "field-input", "aria-label": "Edit message", rows: "2", value: readable(message.text, this.host.names) });
    const done = () => {
      editor.remove();
      content.hidden = false;
      row.focus({ preventScroll: true });
    };
    const save = () => {
      const text = field.value.trim();
      if (text && text !== readable(message.text, this.host.names)) this.host.edit(message, text);
      done();
    };
    const editor = h("div", { class: "editor" }, field,
      h("div", { class: "editor-foot" },
        h("button", { type: "button", class: "button small", onclick: done }, "Cancel"),
        h("button", { type: "button", class: "button small primary", onclick: save }, "Save")));
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") done();
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) (event.preventDefault(), save());
    });
    content.hidden = true;
    content.after(editor);
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  }
}

/** A stored text as its writer typed it: tokens become names and addresses again. */
export function readable(text, names) {
  const typed = String(text ?? "").replace(/<([^<>\n]+)>/g, (_, inside) => {
    const [target, label] = inside.split("|");
    if (target.startsWith("@")) return `@${names.user(target.slice(1))?.name ?? label ?? target.slice(1)}`;
    if (target.startsWith("#")) return `#${names.channel(target.slice(1))?.name ?? label ?? target.slice(1)}`;
    if (target.startsWith("!")) return label ?? `@${target.slice(1)}`;
    return target;
  });
  return unescape(typed);
}
