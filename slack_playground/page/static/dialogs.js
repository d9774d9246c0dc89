// Questions and sheets above the page. The browser's own <dialog> keeps focus inside and the rest inert.

import { bell, h, icon, uniqueId } from "./dom.js";
import { textObject, wordsOf } from "./mrkdwn.js";

/** Opens a dialog and returns {dialog, close}; `onDismiss` runs on Esc or a press outside and may veto by returning false. */
export function openDialog(content, { label, style = "", onDismiss = () => true, returnTo = document.activeElement } = {}) {
  const dialog = h("dialog", { class: `dialog ${style}`, "aria-labelledby": label ?? null }, content);
  const close = () => {
    if (!dialog.isConnected) return;
    dialog.close();
    dialog.remove();
    if (returnTo?.isConnected) returnTo.focus({ preventScroll: true });
  };
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    if (onDismiss() !== false) close();
  });
  // Chromium closes a dialog on a second Esc even when the first was refused: ask again instead.
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || document.querySelector(".menu")) return;
    event.preventDefault();
    if (onDismiss() !== false) close();
  });
  dialog.addEventListener("pointerdown", (event) => {
    if (event.target === dialog && style.includes("light") && onDismiss() !== false) close();
  });
  document.body.append(dialog);
  dialog.showModal();
  return { dialog, close };
}

/** Slack's confirm object as a question; resolves to true or false. */
export function askConfirmation(confirm, names, returnTo) {
  const title = uniqueId("confirm");
  return new Promise((resolve) => {
    const answer = (yes) => {
      box.close();
      resolve(yes);
    };
    const no = h("button", { type: "button", class: "button", onclick: () => answer(false) }, wordsOf(confirm.deny) || "Cancel");
    const yes = h(
      "button",
      { type: "button", class: `button ${confirm.style === "danger" ? "danger solid" : "primary"}`, onclick: () => answer(true) },
      wordsOf(confirm.confirm) || "Yes",
    );
    const content = h("div", { class: "dialog-body" },
      h("h2", { id: title }, textObject(confirm.title)),
      h("div", { class: "prose" }, textObject(confirm.text, names)),
      h("div", { class: "dialog-foot" }, no, yes));
    const box = openDialog(content, { label: title, style: "small light", returnTo, onDismiss: () => (resolve(false), true) });
    (confirm.style === "danger" ? no : yes).focus();
  });
}

/** A plain question of the page itself. */
export function ask(title, text, yes, { danger = false } = {}) {
  const plain = (words) => ({ type: "plain_text", text: words, emoji: false });
  return askConfirmation({ title: plain(title), text: plain(text), confirm: plain(yes), deny: plain("Cancel"), style: danger ? "danger" : undefined }, {}, document.activeElement);
}

/** A sheet that shows something to read: pins, a canvas. */
export function openSheet(title, content) {
  const id = uniqueId("sheet");
  const shut = h("button", { type: "button", class: "icon-button", "aria-label": "Close" }, icon("close"));
  const box = openDialog(
    h("div", { class: "dialog-frame" },
      h("header", { class: "dialog-head" }, h("h2", { id }, title), shut),
      h("div", { class: "dialog-scroll" }, content)),
    { label: id, style: "light" },
  );
  shut.addEventListener("click", box.close);
  return box;
}

/** The mark and a line, where there is nothing yet. */
export function emptyState(title, text) {
  return h("div", { class: "empty-state" }, bell(), h("h2", {}, title), text ? h("p", {}, text) : null);
}
