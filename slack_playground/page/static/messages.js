// A list of messages: days, grouping, marks, reactions, threads; kept in step with what happens without drawing it all anew.

import { avatar, h, icon, uniqueId } from "./dom.js";
import { mrkdwn, summary } from "./mrkdwn.js";
import { renderBlocks } from "./blocks.js";
import { emojiFor, emojiWords } from "./emoji.js";

const GROUPED_WITHIN_S = 5 * 60;
const NEAR_BOTTOM_PX = 80;
const ANSWERED_WITHIN_MS = 15_000;

/** Ephemeral messages have no place of their own among timestamps, so they are known by their id. */
export const keyOf = (message) => (message.ephemeral_id ? `e${message.ephemeral_id}` : message.ts);

/** Who wrote it: a person, the app, or another bot by its own name. */
export function authorOf(message, names) {
  const known = names.user(message.user) ?? names.bot(message.bot_id);
  if (!message.username) return known ?? { id: message.user ?? message.bot_id, name: message.user ?? "app", is_bot: Boolean(message.bot_id) };
  return { ...known, id: message.bot_id ?? message.username, name: message.username, real_name: message.username, is_bot: known?.is_bot ?? true };
}

/** HH:MM of a ts, in the reader's zone. */
export function clockTime(ts) {
  return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(Number(ts) * 1000);
}

const dayKey = (ts) => new Date(Number(ts) * 1000).toDateString();

function dayLabel(ts, now) {
  const day = dayKey(ts);
  if (day === new Date(now * 1000).toDateString()) return "Today";
  if (day === new Date((now - 86400) * 1000).toDateString()) return "Yesterday";
  return new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" }).format(Number(ts) * 1000);
}

/**
 * The messages of a channel or of a thread. `host`: {names, act, channel(), openThread, react, pickReaction, openCanvas,
 * showTools(item, message), openTools(message, anchor, point)}.
 */
export class MessageList {
  constructor(host, { label, thread = false, onBottom = () => {} }) {
    this.host = host;
    this.thread = thread;
    this.onBottom = onBottom;
    this.items = new Map();
    this.messages = [];
    this.newFrom = null;
    this.list = h("ol", { class: "message-list", "aria-label": label });
    this.jump = h("button", { type: "button", class: "jump", hidden: true, onclick: () => this.toBottom(true) }, icon("down"), "New messages");
    this.scroller = h("div", { class: "scroller", tabindex: "-1" }, this.list);
    this.node = h("div", { class: "list-frame" }, this.scroller, this.jump);
    this.scroller.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.list.addEventListener("keydown", (event) => this.move(event));
    new ResizeObserver(() => this.stuck !== false && this.toBottom()).observe(this.scroller);
    new ResizeObserver(() => this.stuck !== false && this.toBottom()).observe(this.list);
    this.stuck = true;
    this.sentAt = -Infinity;
    this.pressedAt = -Infinity;
    for (const moved of ["wheel", "touchmove"]) this.scroller.addEventListener(moved, () => (this.sentAt = this.pressedAt = -Infinity), { passive: true });
    this.head = null;
  }

  /** Whoever reads this sent something: the answer is shown, also where they are at the beginning of a tall message. */
  sent() {
    this.sentAt = performance.now();
  }

  /** Whoever reads this pressed something in a message: an answer for them alone is shown, wherever they are. */
  pressed() {
    this.pressedAt = performance.now();
  }

  answersPress(message) {
    return Boolean(message.is_ephemeral) && performance.now() - this.pressedAt < ANSWERED_WITHIN_MS;
  }

  /** Starts afresh with another channel's messages. */
  reset(messages, { newFrom = null, head = null } = {}) {
    this.items.clear();
    this.list.replaceChildren();
    this.newFrom = newFrom;
    this.head = head;
    this.stuck = true;
    this.draw(messages);
    this.toBottom();
  }

  atBottom() {
    return this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight < NEAR_BOTTOM_PX;
  }

  /** Shows the newest message: its end, or its beginning where it is too tall to be seen whole. */
  toBottom(smooth = false) {
    const last = this.list.lastElementChild;
    const tall = last && last.offsetHeight > this.scroller.clientHeight;
    const start = tall ? last.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top + this.scroller.scrollTop : 0;
    this.scroller.scrollTo({ top: tall ? start - 8 : this.scroller.scrollHeight, behavior: smooth ? "smooth" : "instant" });
    this.jump.hidden = true;
    if (tall) this.onBottom();
  }

  scrolled() {
    this.stuck = this.atBottom();
    if (this.stuck) {
      this.jump.hidden = true;
      this.onBottom();
    }
    if (this.scroller.scrollTop < 60) this.head?.reached?.();
  }

  /** Draws these messages, oldest first, reusing what did not change. */
  draw(messages, { arrived = false } = {}) {
    const { scrollHeight, scrollTop } = this.scroller;
    const grewAbove = this.messages.length > 0 && messages.length > 0 && keyOf(messages[0]) !== keyOf(this.messages[0]) && !this.stuck;
    this.messages = messages;
    const wanted = this.rows(messages);
    const used = new Set(wanted);
    for (const node of [...this.list.children]) if (!used.has(node)) node.remove();
    wanted.forEach((node, index) => {
      if (this.list.children[index] !== node) this.list.insertBefore(node, this.list.children[index] ?? null);
    });
    this.rove();
    if (grewAbove) this.scroller.scrollTop = scrollTop + this.scroller.scrollHeight - scrollHeight;
    else if (this.stuck || (arrived && performance.now() - this.sentAt < ANSWERED_WITHIN_MS)) this.toBottom();
    else if (arrived) this.jump.hidden = false;
  }

  rows(messages) {
    const rows = this.head?.node ? [this.head.node] : [];
    const kept = new Map();
    let previous = null;
    for (const message of messages) {
      if (!previous || dayKey(previous.ts) !== dayKey(message.ts)) rows.push(this.divider(`day ${dayKey(message.ts)}`, dayLabel(message.ts, this.host.names.now()), kept));
      const isNew = this.newFrom && message.ts > this.newFrom && (!previous || previous.ts <= this.newFrom);
      if (isNew && previous) rows.push(this.divider("new", "New", kept, "divider-new"));
      const compact = !isNew && this.continues(previous, message);
      rows.push(this.row(message, compact, kept));
      previous = message;
    }
    this.items = kept;
    return rows;
  }

  divider(key, label, kept, style = "") {
    const known = this.items.get(key);
    const node = known?.label === label ? known.node : h("li", { class: `divider ${style}` }, h("span", {}, label));
    kept.set(key, { node, label });
    return node;
  }

  continues(previous, message) {
    if (!previous || isSystem(previous) || isSystem(message) || message.is_ephemeral || previous.is_ephemeral) return false;
    if (dayKey(previous.ts) !== dayKey(message.ts) || message.pinned) return false;
    const same = (previous.user ?? previous.bot_id) === (message.user ?? message.bot_id) && previous.username === message.username;
    return same && !(previous.reply_count && !this.thread) && Number(message.ts) - Number(previous.ts) < GROUPED_WITHIN_S;
  }

  row(message, compact, kept) {
    const key = keyOf(message);
    const known = this.items.get(key);
    if (known?.message === message && known.compact === compact) {
      kept.set(key, known);
      return known.node;
    }
    const hadFocus = known?.node.contains(document.activeElement);
    const node = renderMessage(message, this.host, { compact, thread: this.thread });
    if (hadFocus) window.queueMicrotask(() => node.focus({ preventScroll: true }));
    kept.set(key, { node, message, compact });
    return node;
  }

  /** One message is in the tab order, the last; arrow keys go from there. */
  rove() {
    const rows = [...this.list.querySelectorAll(":scope > .message")];
    const current = rows.find((row) => row.contains(document.activeElement)) ?? rows.at(-1);
    for (const row of rows) row.tabIndex = row === current ? 0 : -1;
  }

  move(event) {
    const row = event.target;
    if (!row.classList?.contains("message")) return;
    const rows = [...this.list.querySelectorAll(":scope > .message")];
    const at = rows.indexOf(row);
    const next = { ArrowUp: rows[at - 1], ArrowDown: rows[at + 1], Home: rows[0], End: rows.at(-1) }[event.key];
    const message = this.messages.find((one) => keyOf(one) === row.dataset.key);
    if (next) {
      event.preventDefault();
      next.focus();
      this.rove();
    } else if (event.key === "Enter" && message && !message.is_ephemeral) {
      event.preventDefault();
      if (!this.thread) this.host.openThread(message.thread_ts ?? message.ts);
    }
  }

  /** Brings a message into view and lets it glow for a moment. */
  reveal(ts) {
    const row = this.list.querySelector(`.message[data-ts="${CSS.escape(ts)}"]`);
    if (!row) return false;
    this.stuck = false;
    row.scrollIntoView({ block: "center" });
    row.classList.remove("glow");
    void row.offsetWidth;
    row.classList.add("glow");
    row.focus({ preventScroll: true });
    return true;
  }
}

const SYSTEM = new Set([
  "channel_join", "channel_leave", "channel_topic", "channel_purpose", "channel_name", "channel_archive", "channel_unarchive",
  "group_join", "group_leave", "group_topic", "group_purpose", "group_name", "group_archive", "pinned_item", "bot_add",
]);

const isSystem = (message) => SYSTEM.has(message.subtype);

function renderMessage(message, host, { compact, thread }) {
  const author = authorOf(message, host.names);
  const shared = { dataset: { ts: message.ts, key: keyOf(message) }, tabindex: "-1" };
  if (isSystem(message)) return systemRow(message, author, host, shared);
  if (message.subtype === "tombstone") {
    return h("li", { class: "message gone", ...shared }, h("div", { class: "gutter" }, icon("trash")), h("div", { class: "body" }, "This message was deleted."));
  }
  const stamp = h("time", { class: "stamp", datetime: new Date(Number(message.ts) * 1000).toISOString(), title: new Date(Number(message.ts) * 1000).toString() }, clockTime(message.ts));
  const nameId = uniqueId("author");
  const row = h(
    "li",
    { class: `message ${compact ? "compact" : ""} ${message.is_ephemeral ? "ephemeral" : ""} ${message.pinned ? "pinned" : ""}`, ...shared },
    message.pinned ? h("div", { class: "mark pin-mark" }, icon("pin"), "Pinned") : null,
    message.is_ephemeral ? h("div", { class: "mark" }, icon("eye"), "Only visible to you") : null,
    !thread && message.subtype === "thread_broadcast" ? h("div", { class: "mark" }, icon("reply"), "Replied in a thread") : null,
    h("div", { class: "gutter" }, compact ? stamp : face(message, author)),
    h("div", { class: "body" },
      h("div", { class: compact ? "head visually-hidden" : "head" },
        h("span", { class: "author", id: nameId }, author.real_name || author.name),
        author.is_bot ? h("span", { class: "badge" }, "App") : null,
        compact ? null : stamp),
      content(message, host),
      files(message, host),
      reactions(message, host),
      thread ? null : threadSummary(message, host)),
  );
  host.attachTools(row, message, thread);
  return row;
}

function face(message, author) {
  const shortcode = message.icons?.emoji?.replaceAll(":", "");
  if (shortcode && emojiFor(shortcode)) return h("span", { class: "avatar avatar-emoji", "aria-hidden": "true" }, emojiFor(shortcode));
  return avatar(author);
}

function systemRow(message, author, host, shared) {
  return h("li", { class: "message system", ...shared },
    h("div", { class: "gutter" }, avatar(author, "tiny")),
    h("div", { class: "body" }, h("span", { class: "author" }, author.real_name || author.name), " ", systemWords(message, host), " ", h("time", { class: "stamp" }, clockTime(message.ts))));
}

function systemWords(message, host) {
  // The text names its author first (<@U…> has joined …), who already stands at the head of the row.
  const text = String(message.text ?? "").replace(/^<@[UW][^>]*>\s*/, "");
  return h("span", { class: "prose inline" }, mrkdwn(text, host.names));
}

function content(message, host) {
  const surface = {
    kind: "message", id: `m:${host.channel()}:${keyOf(message)}`, names: host.names, channel: host.channel(), inputs: new Map(),
    press: (action) => host.pressIn(message, action),
    failed: (error) => host.failed(error),
  };
  const body = h("div", { class: "content" });
  // What people wrote stands in the text as they wrote it; their blocks say the same once more.
  if (message.blocks?.length && !message.client_msg_id) body.append(renderBlocks(message.blocks, surface));
  else if (message.text) body.append(h("div", { class: "prose text" }, mrkdwn(message.text, host.names)));
  for (const part of message.attachments ?? []) body.append(attachment(part, surface, host));
  if (message.edited) body.append(h("span", { class: "edited", title: `Edited ${clockTime(message.edited.ts ?? message.ts)}` }, "(edited)"));
  return body;
}

function attachment(part, surface, host) {
  const colour = { good: "#2f7d4f", warning: "#c8892b", danger: "#b3372f" }[part.color] ?? (/^#?[0-9a-f]{6}$/i.test(part.color ?? "") ? `#${part.color.replace("#", "")}` : null);
  const text = part.text ?? (part.blocks ? "" : part.fallback ?? "");
  const box = h("div", { class: "attachment prose" },
    part.pretext ? h("div", {}, mrkdwn(part.pretext, host.names)) : null,
    part.title ? h("strong", {}, part.title) : null,
    text ? h("div", {}, mrkdwn(text, host.names)) : null,
    part.blocks ? renderBlocks(part.blocks, surface) : null);
  if (colour) box.style.setProperty("border-left-color", colour);
  return box;
}

function files(message, host) {
  if (!message.files?.length) return null;
  return h("div", { class: "files" }, message.files.map((file) => fileCard(file, host)));
}

function fileCard(file, host) {
  if (file.mode === "tombstone") return h("span", { class: "file" }, h("span", { class: "file-words" }, "This file was deleted."));
  const label = file.title || file.name || "File";
  const kind = file.pretty_type || (file.filetype ?? file.mimetype ?? "").toUpperCase();
  const inside = [icon("file"), h("span", { class: "file-words" }, h("strong", {}, label), h("small", {}, kind))];
  if (["canvas", "quip"].includes(file.filetype)) return h("button", { type: "button", class: "file", onclick: () => host.openCanvas(file.id, label) }, inside);
  const address = file.url_private ?? file.permalink ?? "";
  if (/^(https?:|\/)/.test(address)) return h("a", { class: "file", href: address, target: "_blank", rel: "noopener noreferrer" }, inside);
  return h("span", { class: "file" }, inside);
}

function reactions(message, host) {
  if (!message.reactions?.length || message.is_ephemeral) return null;
  const me = host.names.me();
  const row = h("div", { class: "reactions" });
  for (const reaction of message.reactions) {
    const mine = reaction.users.includes(me);
    const people = reaction.users.map((id) => (id === me ? "you" : host.names.user(id)?.real_name ?? id)).join(", ");
    const words = `${emojiWords(reaction.name)}: ${people}`;
    row.append(
      h("button", {
        type: "button", class: `reaction ${mine ? "mine" : ""}`, "aria-pressed": String(mine), "aria-label": words, title: words,
        onclick: () => host.react(message, reaction.name, !mine),
      }, emojiFor(reaction.name) ?? `:${reaction.name}:`, h("span", {}, String(reaction.count ?? reaction.users.length))),
    );
  }
  row.append(h("button", { type: "button", class: "reaction add", "aria-label": "Add a reaction", onclick: (event) => host.pickReaction(message, event.currentTarget) }, icon("react")));
  return row;
}

function threadSummary(message, host) {
  if (!message.reply_count) return null;
  const faces = (message.reply_users ?? []).slice(0, 4).map((id) => avatar(host.names.user(id) ?? host.names.bot(id) ?? { id }, "tiny"));
  const count = `${message.reply_count} ${message.reply_count === 1 ? "reply" : "replies"}`;
  return h("button", { type: "button", class: "thread-link", onclick: () => host.openThread(message.ts) },
    h("span", { class: "faces" }, faces), h("strong", {}, count),
    message.latest_reply ? h("span", { class: "last" }, `Last ${clockTime(message.latest_reply)}`) : null);
}

/** For the live region: who, and the first words. */
export function spoken(message, names) {
  const author = authorOf(message, names);
  const text = message.text ? summary(message.text, names) : "sent a message";
  return `${author.real_name || author.name}: ${text.slice(0, 160)}`;
}

