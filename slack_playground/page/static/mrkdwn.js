// Slack's mrkdwn and plain text as nodes. Input is escaped as Slack stores it (&amp; &lt; &gt;); output is text nodes
// and a fixed set of elements, never markup taken from the input.

import { h, fragment } from "./dom.js";
import { emojiFor, emojiWords } from "./emoji.js";

/** Undoes Slack's three escapes. */
export function unescape(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** A link that opens safely; anything but web and mail addresses stays text. */
export function safeLink(address, label, extra = {}) {
  if (!LINKED.test(address)) return document.createTextNode(label || address);
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer", class: "link", ...extra }, label || address);
}

/** An emoji with its name for screen readers; unknown ones stay as written. */
export function emoji(name) {
  const character = emojiFor(name);
  if (!character) return document.createTextNode(`:${name}:`);
  return h("span", { class: "emoji", role: "img", "aria-label": emojiWords(name), title: `:${name}:` }, character);
}

const DATE_PARTS = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: { year: "numeric", month: "long", day: "numeric" },
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  time: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  time_secs: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
};

/** Slack's date format, e.g. "{date_short_pretty} at {time}", in the reader's own time zone. */
export function formatDate(seconds, format, now) {
  const moment = new Date(seconds * 1000);
  return format.replace(/\{(\w+)\}/g, (whole, name) => {
    if (name === "ago") return ago(seconds, now);
    const pretty = name.endsWith("_pretty");
    const parts = DATE_PARTS[pretty ? name.slice(0, -"_pretty".length) : name];
    if (!parts) return whole;
    if (name === "date_num") return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
    if (pretty) {
      const word = dayWord(moment, new Date(now * 1000));
      if (word) return word;
    }
    return new Intl.DateTimeFormat("en-GB", parts).format(moment);
  });
}

const two = (number) => String(number).padStart(2, "0");

function dayWord(moment, today) {
  const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  const days = Math.round((midnight(moment) - midnight(today)) / 86400000);
  return { 0: "today", [-1]: "yesterday", 1: "tomorrow" }[days] ?? null;
}

function ago(seconds, now) {
  const span = Math.abs(now - seconds);
  const [count, unit] =
    span < 60 ? [Math.round(span), "second"]
    : span < 3600 ? [Math.round(span / 60), "minute"]
    : span < 86400 ? [Math.round(span / 3600), "hour"]
    : [Math.round(span / 86400), "day"];
  const words = `${count} ${unit}${count === 1 ? "" : "s"}`;
  return now >= seconds ? `${words} ago` : `in ${words}`;
}

/** A person, as a pill that stands out when it is the reader. `names` resolves ids; see `directory` in app.js. */
export function mention(id, names, fallback = "") {
  const user = names.user(id);
  const text = `@${user ? user.real_name || user.name : fallback || id}`;
  return h("span", { class: `mention ${id === names.me() ? "mention-me" : ""}`, dataset: { user: id } }, text);
}

/** A channel, as a button that goes there when the reader may see it. */
export function channelLink(id, names, fallback = "") {
  const channel = names.channel(id);
  const text = `#${channel ? channel.name : fallback || "private channel"}`;
  if (!channel) return h("span", { class: "mention" }, text);
  return h("button", { type: "button", class: "mention channel-link", onclick: () => names.go(id) }, text);
}

const LINKED = /^(https?:\/\/|mailto:|tel:)/i;

/** What stands between < and >. What is no token of Slack's stays text. */
function token(inside, names) {
  const bar = inside.indexOf("|");
  const target = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? "" : unescape(inside.slice(bar + 1));
  if (target.startsWith("@")) return mention(target.slice(1), names, label);
  if (target.startsWith("#")) return channelLink(target.slice(1), names, label);
  if (target.startsWith("!date^")) return dateToken(target, label, names);
  if (target.startsWith("!subteam^")) return group(target.slice("!subteam^".length), names, label);
  if (target.startsWith("!")) {
    const word = target.slice(1).split("^")[0];
    return h("span", { class: "mention mention-me" }, label || `@${word}`);
  }
  const address = unescape(target);
  if (!LINKED.test(address)) return document.createTextNode(unescape(`<${inside}>`));
  return names.link ? names.link(address, label) : safeLink(address, label);
}

/** A user group by id. */
export function group(id, names, label = "") {
  const found = names.group?.(id);
  const mine = found?.users?.includes(names.me());
  const text = (found ? found.handle : label.replace(/^@/, "")) || "group";
  return h("span", { class: `mention ${mine ? "mention-me" : ""}` }, `@${text}`);
}

function dateToken(target, label, names) {
  const [, seconds, format, link] = target.split("^");
  const at = Number(seconds);
  if (!Number.isFinite(at)) return document.createTextNode(label);
  const text = formatDate(at, unescape(format ?? ""), names.now());
  const node = h("time", { datetime: new Date(at * 1000).toISOString(), title: new Date(at * 1000).toUTCString() }, text);
  return link ? safeLink(unescape(link), text) : node;
}

const SPANS = [
  { mark: "*", tag: "strong" },
  { mark: "_", tag: "em" },
  { mark: "~", tag: "s" },
];

const INLINE = /<([^<>\n]+)>|`([^`\n]+)`|:([a-z0-9_+'-]+(?:::skin-tone-\d)?):|([*_~])|(https?:\/\/(?:(?!&[lg]t;)[^\s<>`|])*[^\s<>`|.,;:!?)\]'"*_~])/gi;

/** One line (or a piece of one) of mrkdwn as nodes. */
export function inline(text, names) {
  const out = [];
  let plainFrom = 0;
  const pattern = new RegExp(INLINE.source, INLINE.flags);
  const flush = (to) => {
    if (to > plainFrom) out.push(unescape(text.slice(plainFrom, to)));
  };
  for (let found = pattern.exec(text); found; found = pattern.exec(text)) {
    const [whole, inside, code, shortcode, mark, address] = found;
    let node = null;
    let end = found.index + whole.length;
    if (inside !== undefined) node = token(inside, names);
    else if (address !== undefined) node = token(address, names);
    else if (code !== undefined) node = h("code", {}, unescape(bare(code)));
    else if (shortcode !== undefined) node = emojiFor(shortcode) ? emoji(shortcode) : null;
    else {
      const close = spanEnd(text, found.index, mark);
      if (close > 0) {
        const { tag } = SPANS.find((span) => span.mark === mark);
        node = h(tag, {}, inline(text.slice(found.index + 1, close), names));
        end = close + 1;
      }
    }
    if (!node) {
      // Not a mark after all: go on right behind its first character, so that ":00: *bold*" still finds the bold.
      pattern.lastIndex = found.index + 1;
      continue;
    }
    flush(found.index);
    out.push(node);
    plainFrom = end;
    pattern.lastIndex = end;
  }
  flush(text.length);
  return out;
}

/** Where the span opened at `start` closes, or -1: marks hug their words and stand at word boundaries. */
function spanEnd(text, start, mark) {
  const before = start === 0 ? " " : text[start - 1];
  if (/[\p{L}\p{N}]/u.test(before) || before === mark) return -1;
  const first = text[start + 1];
  if (first === undefined || /\s/.test(first) || first === mark) return -1;
  let tokenDepth = 0;
  for (let at = start + 1; at < text.length; at += 1) {
    const letter = text[at];
    if (letter === "\n") return -1;
    if (letter === "<") tokenDepth += 1;
    if (letter === ">") tokenDepth = Math.max(0, tokenDepth - 1);
    if (letter === "`") {
      const next = text.indexOf("`", at + 1);
      if (next > 0) at = next;
      continue;
    }
    const after = text[at + 1] ?? " ";
    if (letter === mark && tokenDepth === 0 && !/\s/.test(text[at - 1]) && !/[\p{L}\p{N}]/u.test(after)) return at;
  }
  return -1;
}

/** Links inside code are shown as their address. */
function bare(code) {
  return code.replace(/<((?:https?:|mailto:|[@#!])[^<>|\n]*)(?:\|([^<>\n]*))?>/g, (_, target, label) => label || target);
}

/** A whole mrkdwn text: paragraphs, quotes, lists and code fences. */
export function mrkdwn(text, names) {
  const parts = String(text ?? "").split("```");
  const out = [];
  parts.forEach((part, index) => {
    const fenced = index % 2 === 1 && index < parts.length - 1;
    if (fenced) out.push(h("pre", { tabindex: "0" }, h("code", {}, unescape(bare(part.replace(/^\n|\n$/g, ""))))));
    else if (index % 2 === 1) out.push(...lines(`\`\`\`${part}`, names));
    else if (part.trim()) out.push(...lines(index ? part.replace(/^\n/, "") : part, names));
  });
  return fragment(out);
}

function kindOf(line) {
  if (/^(&gt;|>)/.test(line)) return "quote";
  if (/^\s*[•◦▪]\s+/.test(line) || /^\s*-\s+\S/.test(line)) return "bullet";
  if (/^\s*\d{1,3}\.\s+\S/.test(line)) return "number";
  return "text";
}

function lines(text, names) {
  const out = [];
  const all = text.replace(/\n+$/, "").split("\n");
  for (let at = 0; at < all.length; ) {
    const kind = kindOf(all[at]);
    let to = at + 1;
    while (to < all.length && kindOf(all[to]) === kind) to += 1;
    out.push(...run(kind, all.slice(at, to), names));
    at = to;
  }
  return out;
}

function run(kind, block, names) {
  if (kind === "quote") {
    const inside = block.map((line) => line.replace(/^(&gt;|>){1,3} ?/, "")).join("\n");
    return [h("blockquote", {}, lines(inside, names))];
  }
  if (kind === "bullet") {
    return [h("ul", {}, block.map((line) => h("li", {}, inline(line.replace(/^\s*[•◦▪-]\s+/, ""), names))))];
  }
  if (kind === "number") {
    const start = Number(/\d+/.exec(block[0])[0]);
    return [h("ol", { start }, block.map((line) => h("li", {}, inline(line.replace(/^\s*\d+\.\s+/, ""), names))))];
  }
  const nodes = [];
  let gap = false;
  for (const line of block) {
    if (!line.trim()) gap = nodes.length > 0;
    else {
      nodes.push(h("div", { class: gap ? "line gap" : "line" }, inline(line, names)));
      gap = false;
    }
  }
  return nodes;
}

/** A Block Kit text object, plain or mrkdwn. */
export function textObject(object, names) {
  if (!object) return fragment();
  if (typeof object === "string") return fragment(object);
  if (object.type === "mrkdwn") return mrkdwn(object.text, names);
  return fragment(plain(object.text ?? "", object.emoji !== false));
}

/** Plain text: emoji shortcodes only. */
export function plain(text, withEmoji = true) {
  if (!withEmoji) return [unescape(text)];
  return String(text)
    .split(/(:[a-z0-9_+'-]+:)/gi)
    .map((part) => {
      const name = /^:([a-z0-9_+'-]+):$/i.exec(part)?.[1];
      return name && emojiFor(name) ? emoji(name) : unescape(part);
    });
}

/** A text object as one plain string, for labels and option texts. */
export function wordsOf(object) {
  const text = typeof object === "string" ? object : object?.text ?? "";
  return unescape(text.replace(/:([a-z0-9_+'-]+):/gi, (whole, name) => emojiFor(name) ?? whole));
}

/** A message in one short line, for lists and announcements. */
export function summary(text, names) {
  const holder = h("div", {}, mrkdwn(text, names));
  return holder.textContent.replace(/\s+/g, " ").trim();
}
