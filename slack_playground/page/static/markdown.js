// Standard Markdown (the `markdown` block, canvases) as nodes: headings, emphasis, code, links, lists, quotes, tables, rules.

import { h, fragment } from "./dom.js";
import { emoji, safeLink } from "./mrkdwn.js";
import { emojiFor } from "./emoji.js";

const PIECES = /(`+)(.+?)\1|!?\[([^\]\n]*)\]\(([^)\s]+)(?:\s+"[^"]*")?\)|<(https?:\/\/[^>\s]+)>|(https?:\/\/[^\s<>)\]]+)|(\*\*|__|~~)(?=\S)(.+?)(?<=\S)\7|(?<![\p{L}\p{N}])([*_])(?=\S)(.+?)(?<=\S)\9(?![\p{L}\p{N}])|:([a-z0-9_+-]+):|\\([!-\/:-@[-`{-~])|&(amp|lt|gt|quot);/gu;
const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"' };

function spans(text) {
  const out = [];
  let from = 0;
  for (const found of text.matchAll(PIECES)) {
    const [whole, ticks, code, label, target, angled, address, strongMark, strong, , soft, shortcode, escaped, entity] = found;
    let node = null;
    if (ticks) node = h("code", {}, code.trim());
    else if (target !== undefined) node = safeLink(target, label);
    else if (angled || address) node = safeLink(angled ?? address, angled ?? address);
    else if (strongMark) node = h(strongMark === "~~" ? "s" : "strong", {}, spans(strong));
    else if (soft) node = h("em", {}, spans(soft));
    else if (shortcode) node = emojiFor(shortcode) ? emoji(shortcode) : whole;
    else if (escaped) node = escaped;
    else if (entity) node = ENTITIES[entity];
    out.push(text.slice(from, found.index), node);
    from = found.index + whole.length;
  }
  out.push(text.slice(from));
  return out.filter((part) => part !== "");
}

const ITEM = /^(\s*)([-*+•]|\d{1,3}[.)])\s+(.*)$/;
const ROW = /^\s*\|.*\|\s*$/;

/** Markdown text as a fragment. Headings start at `level`. */
export function markdown(text, level = 3) {
  const lines = String(text ?? "").replace(/\r\n?/g, "\n").split("\n");
  const out = [];
  for (let at = 0; at < lines.length; ) {
    const [node, next] = block(lines, at, level);
    if (node) out.push(node);
    at = next;
  }
  return fragment(out);
}

function block(lines, at, level) {
  const line = lines[at];
  if (!line.trim()) return [null, at + 1];
  const fence = /^\s*(```|~~~)/.exec(line)?.[1];
  if (fence) return codeBlock(lines, at, fence);
  const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line);
  if (heading) {
    const depth = Math.min(6, level + heading[1].length - 1);
    return [h(`h${depth}`, { class: `md-h${heading[1].length}` }, spans(heading[2])), at + 1];
  }
  if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) return [h("hr"), at + 1];
  if (/^\s*>/.test(line)) return quote(lines, at, level);
  if (ROW.test(line) && /^\s*\|[\s:|-]+\|\s*$/.test(lines[at + 1] ?? "")) return table(lines, at);
  if (ITEM.test(line)) return list(lines, at);
  return paragraph(lines, at);
}

function codeBlock(lines, at, fence) {
  let to = at + 1;
  while (to < lines.length && !lines[to].trim().startsWith(fence)) to += 1;
  return [h("pre", { tabindex: "0" }, h("code", {}, lines.slice(at + 1, to).join("\n"))), to + 1];
}

function quote(lines, at, level) {
  let to = at;
  while (to < lines.length && /^\s*>/.test(lines[to])) to += 1;
  const inside = lines.slice(at, to).map((line) => line.replace(/^\s*> ?/, ""));
  return [h("blockquote", {}, markdown(inside.join("\n"), level)), to];
}

function cells(row) {
  return row.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

function table(lines, at) {
  let to = at + 2;
  while (to < lines.length && ROW.test(lines[to])) to += 1;
  const head = h("tr", {}, cells(lines[at]).map((cell) => h("th", { scope: "col" }, spans(cell))));
  const rows = lines.slice(at + 2, to).map((row) => h("tr", {}, cells(row).map((cell) => h("td", {}, spans(cell)))));
  return [h("div", { class: "table-scroll", tabindex: "0" }, h("table", {}, h("thead", {}, head), h("tbody", {}, rows))), to];
}

function list(lines, at) {
  const [, indent, mark] = ITEM.exec(lines[at]);
  const ordered = /\d/.test(mark);
  const holder = h(ordered ? "ol" : "ul", ordered ? { start: parseInt(mark, 10) } : {});
  let to = at;
  while (to < lines.length) {
    const item = ITEM.exec(lines[to]);
    if (item && item[1].length > indent.length + 1) {
      const [nested, next] = list(lines, to);
      (holder.lastElementChild ?? holder).append(nested);
      to = next;
    } else if (item && item[1].length <= indent.length + 1 && item[1].length >= indent.length && /\d/.test(item[2]) === ordered) {
      holder.append(taskItem(item[3]));
      to += 1;
    } else if (!item && lines[to].trim() && /^\s{2,}/.test(lines[to]) && holder.lastElementChild) {
      holder.lastElementChild.append(" ", ...spans(lines[to].trim()));
      to += 1;
    } else break;
  }
  return [holder, Math.max(to, at + 1)];
}

function taskItem(text) {
  const task = /^\[([ xX])\]\s+(.*)$/.exec(text);
  if (!task) return h("li", {}, spans(text));
  const done = task[1] !== " ";
  return h("li", { class: "task" }, h("span", { role: "img", "aria-label": done ? "done" : "open" }, done ? "☑" : "☐"), " ", spans(task[2]));
}

function paragraph(lines, at) {
  let to = at;
  const parts = [];
  while (to < lines.length && lines[to].trim() && (to === at || !/^(#{1,6}\s|\s*>|\s*(```|~~~))/.test(lines[to])) && (to === at || !ITEM.test(lines[to]))) {
    if (parts.length) parts.push(h("br"));
    parts.push(...spans(lines[to].trim()));
    to += 1;
  }
  return [h("p", {}, parts), to];
}
