// Building elements. Text always goes in as text nodes: nothing on this page is ever parsed as markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element: properties as attributes, `on…` as listeners, children as nodes or text; null and false are left out. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name === "dataset") Object.assign(element.dataset, value);
    else if (name === "style") for (const [key, part] of Object.entries(value)) element.style.setProperty(key, part);
    else if (name === "value" || name === "checked" || name === "indeterminate") element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...flat(children));
  return element;
}

/** A fragment of nodes and text. */
export function fragment(...children) {
  const result = document.createDocumentFragment();
  result.append(...flat(children));
  return result;
}

/** Puts these children in place of the old ones; null and false are left out. */
export function fill(element, ...children) {
  element.replaceChildren(...flat(children));
}

function flat(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

const STROKES = {
  menu: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6L6 18",
  back: "M15 5l-7 7 7 7",
  hash: "M9.5 4L7.5 20M16.5 4l-2 16M4.5 9h16M3.5 15h16",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  pin: "M9 4h6l-1 6 3 3v2H7v-2l3-3zM12 15v6",
  reply: "M4 5h16v11H10l-4 4v-4H4z",
  react: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM8.5 14.2c1.6 2.4 5.4 2.4 7 0M9 9.6v.4M15 9.6v.4",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  edit: "M5 19l1-4L16 5l3 3L9 18zM14 7l3 3",
  trash: "M5 7h14M10 7V4.5h4V7M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5",
  link: "M10 14a4 4 0 0 0 5.7 0l3-3a4 4 0 0 0-5.7-5.7l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1",
  send: "M4 12l16-7-6 15-3-6z",
  clip: "M18 11l-6.5 6.5a4 4 0 0 1-5.7-5.7L13 4.6a2.7 2.7 0 0 1 3.8 3.8l-7 7a1.3 1.3 0 0 1-1.9-1.9L14 7.5",
  slash: "M14.5 5l-5 14M4 4h16v16H4z",
  clock: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 7.5V12l3 2",
  chevron: "M7 10l5 5 5-5",
  bolt: "M13 3L5 14h6l-1 7 8-11h-6z",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
  file: "M6 3.5h8l4 4v13H6zM14 3.5v4h4",
  down: "M12 5v14M6 13l6 6 6-6",
  bell: "M12 4c-3.3 0-5 2.3-5 5.5 0 4-1.5 5.5-2.5 6.5h15c-1-1-2.5-2.5-2.5-6.5C17 6.3 15.3 4 12 4zM10 19a2 2 0 0 0 4 0",
  check: "M5 12.5l4.5 4.5L19 7.5",
  help: "M9.5 9.5a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1 1-1.1 1.8M12 17v.01M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z",
  archive: "M4 5h16v4H4zM6 9v11h12V9M10 13h4",
  leave: "M14 4h6v16h-6M15 12H4M8 8l-4 4 4 4",
};

/** A line icon; decoration only, so the control around it carries the name. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", STROKES[name]);
  svg.append(path);
  return svg;
}

/** The bell of the product, as in the header of the page. */
export function bell() {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 32 32");
  svg.setAttribute("class", "bell");
  svg.setAttribute("aria-hidden", "true");
  for (const [name, d] of [
    ["bell-body", "M16 4.5c-4.6 0-7.2 3.3-7.2 8.2 0 5-1.3 7.3-3.1 9.1-.6.6-.2 1.7.7 1.7h19.2c.9 0 1.3-1.1.7-1.7-1.8-1.8-3.1-4.1-3.1-9.1 0-4.9-2.6-8.2-7.2-8.2z"],
    ["bell-clapper", "M12.8 25.3a3.2 3.2 0 0 0 6.4 0z"],
    ["bell-ring", "M3.6 8.2c-1.2 2.3-1.5 4.8-1 7.4M28.4 8.2c1.2 2.3 1.5 4.8 1 7.4"],
  ]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    path.setAttribute("class", name);
    svg.append(path);
  }
  return svg;
}

/** Initials on the person's colour; dark letters where the colour is light. */
export function avatar(user, size = "") {
  const name = user?.real_name || user?.name || "?";
  const disc = h("span", { class: `avatar ${size}`, "aria-hidden": "true" });
  if (user?.is_bot) {
    disc.classList.add("avatar-bot");
    disc.append(bell());
    return disc;
  }
  const colour = colourOf(user);
  disc.style.setProperty("background", colour);
  disc.style.setProperty("color", isLight(colour) ? "#14222a" : "#ffffff");
  disc.append(initials(name));
  return disc;
}

function initials(name) {
  const words = name.replace(/\(.*?\)/g, " ").split(/[\s_-]+/).filter((word) => /^[\p{L}\p{N}]/u.test(word));
  const letters = words.length > 1 ? words[0][0] + words[words.length - 1][0] : (words[0] ?? "?").slice(0, 2);
  return letters.toUpperCase();
}

const PALETTE = ["#2f6f8f", "#8a5a9e", "#3d7d5a", "#a8652a", "#a24a5c", "#5a68a8", "#6f7d2f"];

function colourOf(user) {
  const given = String(user?.color ?? "").replace(/^#/, "");
  if (/^[0-9a-f]{6}$/i.test(given)) return `#${given}`;
  const sum = [...String(user?.id ?? user?.name ?? "")].reduce((total, letter) => total + letter.charCodeAt(0), 0);
  return PALETTE[sum % PALETTE.length];
}

function isLight(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255);
  return 0.299 * red + 0.587 * green + 0.114 * blue > 0.62;
}

let counter = 0;

/** A document-wide unique id, for labels and descriptions. */
export function uniqueId(prefix) {
  counter += 1;
  return `${prefix}-${counter}`;
}

/**
 * A small menu at a button: arrow keys move, Esc closes, focus goes back where it came from.
 * `entries`: {label, icon?, danger?, run} or null for a rule.
 */
export function openMenu(anchor, entries, { label = "Menu", at = null } = {}) {
  closeMenus();
  const cover = h("div", { class: "menu-cover" });
  const menu = h("div", { class: "menu", role: "menu", "aria-label": label });
  const close = () => {
    cover.remove();
    menu.remove();
    anchor?.setAttribute?.("aria-expanded", "false");
  };
  const items = [];
  for (const entry of entries) {
    if (!entry) {
      menu.append(h("hr", { role: "separator" }));
      continue;
    }
    const item = h(
      "button",
      {
        type: "button",
        role: entry.checked === undefined ? "menuitem" : "menuitemradio",
        "aria-checked": entry.checked === undefined ? null : String(entry.checked),
        tabindex: "-1",
        class: `menu-item ${entry.danger ? "danger" : ""}`,
        onclick: () => {
          close();
          if (anchor?.isConnected) anchor.focus?.({ preventScroll: true });
          entry.run();
        },
      },
      entry.icon ? icon(entry.icon) : entry.lead ?? null,
      h("span", { class: "menu-label" }, entry.label, entry.note ? h("small", {}, entry.note) : null),
      entry.badge ?? null,
    );
    items.push(item);
    menu.append(item);
  }
  menu.addEventListener("keydown", (event) => {
    const at = items.indexOf(document.activeElement);
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 };
    if (event.key in moves) {
      event.preventDefault();
      items[(moves[event.key] + items.length) % items.length]?.focus();
    } else if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      event.stopPropagation();
      close();
      anchor?.focus?.();
    }
  });
  cover.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    close();
  });
  const home = anchor?.closest?.("dialog") ?? document.body;
  home.append(cover, menu);
  anchor?.setAttribute?.("aria-expanded", "true");
  place(menu, anchor, at);
  (items.find((item) => item.getAttribute("aria-checked") === "true") ?? items[0])?.focus();
  return close;
}

/** Closes every open menu and picker. */
export function closeMenus() {
  for (const open of document.querySelectorAll(".menu, .menu-cover")) open.remove();
}

/** Puts a floating box by its anchor, kept inside the window; on a phone it becomes a sheet at the bottom (CSS). */
export function place(box, anchor, point = null) {
  const around = point
    ? { left: point.x, right: point.x, top: point.y, bottom: point.y }
    : anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = box;
  const left = Math.max(8, Math.min(around.right - width, window.innerWidth - width - 8));
  const below = around.bottom + 6;
  const top = below + height < window.innerHeight - 8 ? below : Math.max(8, around.top - height - 6);
  box.style.setProperty("left", `${Math.max(8, Math.min(left, window.innerWidth - width - 8))}px`);
  box.style.setProperty("top", `${top}px`);
}

let liveRegion = null;

/** Says something to a screen reader without moving focus. */
export function announce(text) {
  liveRegion ??= document.getElementById("live");
  liveRegion.textContent = "";
  liveRegion.textContent = text;
}

/** A short notice that goes away by itself; errors stay longer and are announced at once. `instead`: a text it replaces. */
export function toast(text, { kind = "notice", action = null, instead = null } = {}) {
  const shelf = document.getElementById("toasts");
  for (const old of [...shelf.children]) if ([text, instead].includes(old.dataset.text)) old.remove();
  const close = () => note.remove();
  const note = h(
    "div",
    { class: `toast ${kind}`, role: kind === "error" ? "alert" : "status", dataset: { text } },
    h("span", { class: "toast-text" }, text),
    action ? h("button", { type: "button", class: "toast-action", onclick: () => (close(), action.run()) }, action.label) : null,
    h("button", { type: "button", class: "icon-button", "aria-label": "Dismiss", onclick: close }, icon("close")),
  );
  shelf.append(note);
  while (shelf.children.length > 4) shelf.firstChild.remove();
  window.setTimeout(close, kind === "error" ? 12000 : 6000);
}
