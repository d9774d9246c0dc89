// Block Kit as elements. A surface says where the blocks stand and what a press does:
//   {kind: "message"|"modal"|"home", id, names, channel, press(action) → Promise, inputs: Map, kept?: Map}
// `inputs` collects what can be filled in; `kept` carries over what was typed when a view is updated.

import { h, fragment, icon, openMenu, uniqueId } from "./dom.js";
import { markdown } from "./markdown.js";
import { channelLink, emoji, formatDate, group, mention, safeLink, textObject, wordsOf } from "./mrkdwn.js";
import { askConfirmation } from "./dialogs.js";

/** All blocks of a surface. An unknown block is named, not hidden. */
export function renderBlocks(blocks, surface) {
  return h("div", { class: `blocks blocks-${surface.kind}` }, blocks.map((block) => renderBlock(block, surface)));
}

function renderBlock(block, surface) {
  const draw = BLOCKS[block.type] ?? unknownBlock;
  const node = draw(block, surface);
  node.dataset.block = block.block_id ?? "";
  return node;
}

/** What is filled in now, in the shape of Slack's `state.values`. */
export function valuesOf(surface) {
  const values = {};
  for (const input of surface.inputs.values()) {
    if (!input.node.isConnected) continue;
    (values[input.block_id] ??= {})[input.action_id] = input.read();
  }
  return values;
}

const BLOCKS = {
  header: (block) => h("h3", { class: "block-header" }, textObject(block.text)),
  divider: () => h("hr", { class: "block-divider" }),
  markdown: (block) => h("div", { class: "block-markdown prose" }, markdown(block.text)),
  section(block, surface) {
    const body = h("div", { class: "section-body prose" });
    if (block.text) body.append(h("div", { class: "section-text" }, textObject(block.text, surface.names)));
    if (block.fields) {
      const fields = block.fields.map((field) => h("div", { class: "field" }, textObject(field, surface.names)));
      body.append(h("div", { class: "fields" }, fields));
    }
    const accessory = block.accessory ? renderElement(block.accessory, block, surface, { dispatch: true }) : null;
    return h("div", { class: "block-section" }, body, accessory ? h("div", { class: "accessory" }, accessory) : null);
  },
  context(block, surface) {
    const parts = block.elements.map((element) =>
      element.type === "image" ? picture(element, "context-image") : h("span", { class: "context-text prose" }, textObject(element, surface.names)),
    );
    return h("div", { class: "block-context" }, parts);
  },
  actions: (block, surface) =>
    h("div", { class: "block-actions" }, block.elements.map((element) => renderElement(element, block, surface, { dispatch: true }))),
  image: (block) =>
    h("figure", { class: "block-image" }, block.title ? h("figcaption", {}, textObject(block.title)) : null, picture(block, "block-picture")),
  input: inputBlock,
  rich_text: (block, surface) => h("div", { class: "block-rich prose" }, block.elements.map((element) => richElement(element, surface.names))),
  file: (block) => h("div", { class: "block-context" }, icon("file"), "File ", String(block.external_id ?? "")),
  video: (block) => h("div", { class: "block-context" }, safeLink(block.video_url ?? "", wordsOf(block.title) || "Video")),
  table(block, surface) {
    const cell = (content) => (content?.type === "rich_text" ? content.elements.map((part) => richElement(part, surface.names)) : wordsOf(content));
    const rows = (block.rows ?? []).map((row, index) => h("tr", {}, row.map((content) => h(index ? "td" : "th", {}, cell(content)))));
    return h("div", { class: "table-scroll prose", tabindex: "0" }, h("table", {}, rows));
  },
};

function unknownBlock(block) {
  return h("div", { class: "block-unknown" }, `A “${block.type}” block, which this page cannot show.`);
}

function picture(image, style) {
  const address = image.image_url ?? image.slack_file?.url ?? "";
  const alt = image.alt_text ?? "";
  if (!/^(https?:|data:image\/)/i.test(address)) return h("span", { class: "picture-missing" }, alt || "Picture");
  return h("img", {
    src: address, alt, class: style, loading: "lazy",
    onerror: (event) => event.target.replaceWith(h("span", { class: "picture-missing" }, `Picture not available: ${alt || "no description"}`)),
  });
}

function inputBlock(block, surface) {
  const id = uniqueId("field");
  const labels = { label: `${id}-label`, hint: `${id}-hint`, error: `${id}-error` };
  const grouped = ["checkboxes", "radio_buttons"].includes(block.element.type);
  const describedBy = `${block.hint ? `${labels.hint} ` : ""}${labels.error}`;
  const control = renderElement(block.element, block, surface, {
    dispatch: block.dispatch_action === true, id, labelledBy: labels.label, describedBy, required: !block.optional,
  });
  const input = surface.inputs.get(keyOf(block, block.element));
  if (input) Object.assign(input, { required: !block.optional, error: labels.error, element: block.element });
  return h(
    "div",
    { class: "block-input" },
    h(grouped ? "div" : "label", { class: "input-label", id: labels.label, for: grouped ? null : id },
      textObject(block.label), block.optional ? h("span", { class: "optional" }, " (optional)") : null),
    control,
    block.hint ? h("div", { class: "input-hint", id: labels.hint }, textObject(block.hint)) : null,
    h("div", { class: "input-error", id: labels.error, "aria-live": "polite" }),
  );
}

// ---- elements ----

const keyOf = (block, element) => `${block.block_id ?? ""}\u0000${element.action_id ?? ""}`;

/** Presses under way: a key stays here until the app has acknowledged, also when its message is drawn anew meanwhile. */
const underWay = new Map();

/** Sends one action once: while it is under way the control is busy and further presses do nothing. */
async function press(node, element, block, surface, value) {
  const key = `${surface.id}\u0000${keyOf(block, element)}`;
  if (underWay.has(key)) return;
  if (element.confirm && !(await askConfirmation(element.confirm, surface.names, node))) {
    node.dispatchEvent(new CustomEvent("declined"));
    return;
  }
  if (underWay.has(key)) return;
  const sent = surface.press({
    block_id: block.block_id, action_id: element.action_id, type: element.type, label: wordsOf(element.text), ...value,
    values: valuesOf(surface),
  });
  underWay.set(key, sent);
  markBusy(node, true);
  try {
    await sent;
  } catch (error) {
    surface.failed?.(error);
  } finally {
    underWay.delete(key);
    for (const twin of document.querySelectorAll("[data-press]")) if (twin.dataset.press === key) markBusy(twin, false);
  }
}

/** The latest words of fields that are typed into while earlier ones are on their way. */
const typed = new Map();

/** Sends what is being typed, one state after the other, and always the last one. */
async function sendTyped(element, block, surface, value) {
  const key = `${surface.id}\u0000${keyOf(block, element)}`;
  const idle = !typed.has(key);
  // Read now: by the time it is sent, the form may have been drawn anew.
  typed.set(key, { surface, action: { ...value, values: valuesOf(surface) } });
  if (!idle) return;
  try {
    for (let sent = null; typed.get(key) !== sent;) {
      sent = typed.get(key);
      await sent.surface.press({ block_id: block.block_id, action_id: element.action_id, type: element.type, ...sent.action });
    }
  } catch (error) {
    if (error.code !== "view_not_found") surface.failed?.(error); // sent or closed meanwhile: its words went with the form
  } finally {
    typed.delete(key);
  }
}

function markBusy(node, busy) {
  node.classList.toggle("busy", busy);
  if (busy) {
    node.setAttribute("aria-busy", "true");
    node.setAttribute("aria-disabled", "true");
  } else {
    node.removeAttribute("aria-busy");
    node.removeAttribute("aria-disabled");
  }
}

function renderElement(element, block, surface, options) {
  const draw = ELEMENTS[element.type];
  if (!draw) return h("span", { class: "block-unknown" }, `A “${element.type}” element, which this page cannot show.`);
  const send = (node, value) => (options.dispatch ? press(node, element, block, surface, value) : undefined);
  const kept = surface.kept?.get(keyOf(block, element));
  const node = draw(element, { block, surface, options, send, kept: kept?.type === element.type ? kept : null });
  node.dataset.action = element.action_id ?? "";
  node.dataset.press = `${surface.id}\u0000${keyOf(block, element)}`;
  if (underWay.has(node.dataset.press)) markBusy(node, true);
  return node;
}

function register({ block, surface }, element, node, read) {
  const input = { block_id: block.block_id ?? "", action_id: element.action_id ?? "", type: element.type, node };
  input.read = () => ({ type: element.type, ...read() });
  surface.inputs.set(keyOf(block, element), input);
}

const labelled = ({ options }, element) => ({
  id: options.id ?? null,
  "aria-labelledby": options.labelledBy ?? null,
  "aria-describedby": options.describedBy ?? null,
  "aria-label": options.labelledBy ? null : wordsOf(element.placeholder) || element.action_id,
  "aria-required": options.required ? "true" : null,
});

const ELEMENTS = {
  button(element, { send, surface }) {
    const style = ["primary", "danger"].includes(element.style) ? element.style : "";
    const properties = { class: `button ${style}`, "aria-label": element.accessibility_label ?? null };
    const label = textObject(element.text);
    const node = element.url
      ? h("a", { ...properties, href: /^https?:/i.test(element.url) ? element.url : null, target: "_blank", rel: "noopener noreferrer" }, label)
      : h("button", { ...properties, type: "button" }, label);
    node.addEventListener("click", (event) => {
      // A link that leads back into this page is followed inside it.
      if (element.url && surface.names.follow?.(element.url)) event.preventDefault();
      send(node, { value: element.value ?? "" });
    });
    return node;
  },
  workflow_button: (element, context) => ELEMENTS.button(element, context),
  overflow(element, { send }) {
    const node = h("button", { type: "button", class: "button overflow", "aria-label": "More actions", "aria-haspopup": "menu", "aria-expanded": "false" }, icon("more"));
    node.addEventListener("click", () => {
      const entries = element.options.map((option) => ({
        label: wordsOf(option.text),
        note: option.description ? wordsOf(option.description) : null,
        run: () => {
          if (option.url) window.open(option.url, "_blank", "noopener");
          send(node, { selected_option: option });
        },
      }));
      openMenu(node, entries, { label: "More actions" });
    });
    return node;
  },
  static_select: (element, context) =>
    single(element, context, optionChoices(element), "selected_option", element.initial_option),
  users_select: (element, context) =>
    single(element, context, peopleChoices(context), "selected_user", element.initial_user),
  channels_select: (element, context) =>
    single(element, context, channelChoices(context, false), "selected_channel", element.initial_channel),
  conversations_select: (element, context) =>
    single(element, context, channelChoices(context, true, element.filter), "selected_conversation",
      element.initial_conversation ?? (element.default_to_current_conversation ? context.surface.channel : null)),
  external_select: (element, context) =>
    single(element, context, optionChoices({ options: element.initial_option ? [element.initial_option] : [] }), "selected_option", element.initial_option),
  multi_static_select: (element, context) =>
    several(element, context, optionChoices(element), "selected_options", element.initial_options),
  multi_users_select: (element, context) =>
    several(element, context, peopleChoices(context), "selected_users", element.initial_users),
  multi_channels_select: (element, context) =>
    several(element, context, channelChoices(context, false), "selected_channels", element.initial_channels),
  multi_conversations_select: (element, context) =>
    several(element, context, channelChoices(context, true, element.filter), "selected_conversations", element.initial_conversations),
  datepicker: (element, context) =>
    moment(element, context, "date", "selected_date", (value) => value || null, element.initial_date ?? ""),
  timepicker: (element, context) =>
    moment(element, context, "time", "selected_time", (value) => value || null, element.initial_time ?? ""),
  datetimepicker: (element, context) =>
    moment(element, context, "datetime-local", "selected_date_time",
      (value) => (value ? Math.floor(new Date(value).getTime() / 1000) : null), localStamp(element.initial_date_time)),
  checkboxes: (element, context) => choices(element, context, "checkbox"),
  radio_buttons: (element, context) => choices(element, context, "radio"),
  plain_text_input: textInput,
  email_text_input: (element, context) => textInput(element, context, "email"),
  url_text_input: (element, context) => textInput(element, context, "url"),
  number_input: (element, context) => textInput(element, context, "number"),
  rich_text_input: richInput,
  image: (element) => picture(element, "accessory-image"),
};

/** A select's choices: {key, label, note?, group?, value} where value is what Slack sends. */
function optionChoices(element) {
  const groups = element.option_groups ?? [{ label: null, options: element.options ?? [] }];
  return groups.flatMap((part) =>
    part.options.map((option) => ({
      key: option.value, label: wordsOf(option.text), group: part.label ? wordsOf(part.label) : null,
      note: option.description ? wordsOf(option.description) : null, value: option,
    })),
  );
}

function peopleChoices({ surface }) {
  return surface.names.people().map((user) => ({ key: user.id, label: user.real_name || user.name, value: user.id }));
}

function channelChoices({ surface }, conversations, filter) {
  return surface.names
    .channels()
    .filter((channel) => (conversations ? allowed(channel, filter) : !channel.is_im && !channel.is_private))
    .map((channel) => ({ key: channel.id, label: channel.is_im ? channel.label : `#${channel.name}`, value: channel.id }));
}

function allowed(channel, filter) {
  if (!filter?.include) return true;
  return filter.include.includes(channel.is_im ? "im" : channel.is_private ? "private" : "public");
}

const choiceKey = (value) => (value && typeof value === "object" ? value.value : value) ?? "";

function single(element, context, all, field, initial) {
  const { send, kept } = context;
  const start = choiceKey(kept ? kept[field] : initial);
  const placeholder = wordsOf(element.placeholder) || "Choose…";
  const node = h("select", { class: "select", ...labelled(context, element) }, h("option", { value: "" }, placeholder), optionNodes(all));
  node.value = start;
  if (node.selectedIndex < 0) node.value = "";
  const note = () => node.classList.toggle("empty", node.value === "");
  note();
  let last = node.value;
  const read = () => ({ [field]: all.find((choice) => String(choice.key) === node.value)?.value ?? null });
  register(context, element, node, read);
  node.addEventListener("change", () => {
    note();
    if (node.getAttribute("aria-busy")) {
      node.value = last;
      return;
    }
    if (node.value !== "" || context.options.dispatch === false) last = node.value;
    if (node.value !== "") send(node, read());
  });
  node.addEventListener("declined", () => {
    node.value = start;
    note();
  });
  return node;
}

function optionNodes(all) {
  const nodes = [];
  let holder = null;
  for (const choice of all) {
    const option = h("option", { value: choice.key }, choice.note ? `${choice.label} – ${choice.note}` : choice.label);
    if (!choice.group) nodes.push(option);
    else {
      if (holder?.label !== choice.group) {
        holder = h("optgroup", { label: choice.group });
        nodes.push(holder);
      }
      holder.append(option);
    }
  }
  return nodes;
}

function several(element, context, all, field, initial) {
  const { send, kept } = context;
  const chosen = new Set(((kept ? kept[field] : initial) ?? []).map((value) => String(choiceKey(value))));
  const most = element.max_selected_items ?? Infinity;
  const chips = h("div", { class: "chips" });
  const select = h("select", { class: "select", ...labelled(context, element) });
  const node = h("div", { class: "multi" }, chips, select);
  const read = () => ({ [field]: all.filter((choice) => chosen.has(String(choice.key))).map((choice) => choice.value) });
  const change = () => {
    draw();
    send(node, read());
  };
  const draw = () => {
    chips.replaceChildren(
      ...all.filter((choice) => chosen.has(String(choice.key))).map((choice) =>
        h("span", { class: "chip" }, choice.label,
          h("button", {
            type: "button", "aria-label": `Remove ${choice.label}`,
            onclick: () => (chosen.delete(String(choice.key)), change(), select.focus()),
          }, icon("close"))),
      ),
    );
    const left = all.filter((choice) => !chosen.has(String(choice.key)));
    const full = chosen.size >= most;
    const words = full ? `No more than ${most}` : left.length ? wordsOf(element.placeholder) || "Add…" : "All chosen";
    select.replaceChildren(h("option", { value: "" }, words), ...(full ? [] : optionNodes(left)));
    select.value = "";
  };
  select.addEventListener("change", () => {
    if (select.value === "" || node.getAttribute("aria-busy")) return;
    chosen.add(select.value);
    change();
  });
  draw();
  register(context, element, node, read);
  return node;
}

function moment(element, context, type, field, convert, initial) {
  const { send, kept } = context;
  const start = kept ? (type === "datetime-local" ? localStamp(kept[field]) : kept[field] ?? "") : initial;
  const node = h("input", { type, class: "field-input", value: start, ...labelled(context, element) });
  const read = () => ({ [field]: convert(node.value) });
  register(context, element, node, read);
  node.addEventListener("change", () => send(node, read()));
  return node;
}

function localStamp(seconds) {
  if (!seconds) return "";
  const at = new Date(seconds * 1000);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

function choices(element, context, type) {
  const { send, kept, options } = context;
  const field = type === "radio" ? "selected_option" : "selected_options";
  const initial = kept ? kept[field] : element.initial_option ?? element.initial_options;
  const chosen = new Set([initial ?? []].flat().map((option) => option.value));
  const name = uniqueId("choice");
  const node = h("div", {
    class: "choices", role: type === "radio" ? "radiogroup" : "group",
    "aria-labelledby": options.labelledBy ?? null, "aria-describedby": options.describedBy ?? null,
    "aria-label": options.labelledBy ? null : element.action_id,
  });
  const boxes = element.options.map((option) => {
    const box = h("input", { type, name, checked: chosen.has(option.value) });
    node.append(
      h("label", { class: "choice" }, box,
        h("span", {}, textObject(option.text, context.surface.names),
          option.description ? h("small", {}, textObject(option.description, context.surface.names)) : null)),
    );
    return { box, option };
  });
  const read = () => {
    const picked = boxes.filter(({ box }) => box.checked).map(({ option }) => option);
    return { [field]: type === "radio" ? picked[0] ?? null : picked };
  };
  register(context, element, node, read);
  node.addEventListener("change", () => send(node, read()));
  return node;
}

function textInput(element, context, type = "text") {
  const { send, kept, options } = context;
  const initial = (kept ? kept.value : element.initial_value) ?? "";
  const shared = {
    class: "field-input", value: initial, placeholder: wordsOf(element.placeholder) || null,
    maxlength: element.max_length ?? null, ...labelled(context, element),
  };
  const field = element.multiline
    ? h("textarea", { rows: "4", ...shared })
    : h("input", { type: type === "number" ? "text" : type, inputmode: type === "number" ? "decimal" : null, autocomplete: "off", ...shared });
  const read = () => ({ value: field.value === "" ? null : field.value });
  register(context, element, field, read);
  const triggers = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  if (options.dispatch && triggers.includes("on_enter_pressed")) {
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing || (element.multiline && !event.ctrlKey && !event.metaKey)) return;
      event.preventDefault();
      send(field, read());
    });
  }
  if (options.dispatch && triggers.includes("on_character_entered")) {
    field.addEventListener("input", () => sendTyped(element, context.block, context.surface, read()));
  }
  if (element.focus_on_load) field.dataset.autofocus = "true";
  return field;
}

function richInput(element, context) {
  const words = (value) =>
    (value?.elements ?? []).map((part) => (part.elements ?? []).map((piece) => piece.text ?? piece.url ?? "").join("")).join("\n");
  const field = h("textarea", {
    class: "field-input", rows: "4", value: words(context.kept?.rich_text_value ?? element.initial_value),
    placeholder: wordsOf(element.placeholder) || null, ...labelled(context, element),
  });
  register(context, element, field, () => ({
    rich_text_value: field.value.trim() === "" ? null
      : { type: "rich_text", elements: [{ type: "rich_text_section", elements: [{ type: "text", text: field.value }] }] },
  }));
  return field;
}

// ---- rich text ----

function richElement(element, names) {
  const inside = () => (element.elements ?? []).map((part) => richPiece(part, names));
  if (element.type === "rich_text_quote") return h("blockquote", {}, inside());
  if (element.type === "rich_text_preformatted") return h("pre", { tabindex: "0" }, h("code", {}, inside()));
  if (element.type === "rich_text_list") {
    const items = (element.elements ?? []).map((item) => h("li", {}, (item.elements ?? []).map((part) => richPiece(part, names))));
    const tag = element.style === "ordered" ? "ol" : "ul";
    return h(tag, { class: `indent-${Math.min(element.indent ?? 0, 5)}`, start: tag === "ol" ? (element.offset ?? 0) + 1 : null }, items);
  }
  return h("div", { class: "rich-section" }, inside());
}

const RICH = {
  text: (piece) => piece.text ?? "",
  link: (piece, names) => (names.link ?? safeLink)(piece.url ?? "", piece.text ?? ""),
  user: (piece, names) => mention(piece.user_id, names),
  usergroup: (piece, names) => group(piece.usergroup_id, names),
  channel: (piece, names) => channelLink(piece.channel_id, names),
  broadcast: (piece) => h("span", { class: "mention mention-me" }, `@${piece.range}`),
  emoji: (piece) => emoji(piece.name),
  date: (piece, names) => h("time", {}, formatDate(piece.timestamp, piece.format, names.now())),
  color: (piece) => h("code", {}, piece.value ?? ""),
};

function richPiece(piece, names) {
  let node = (RICH[piece.type] ?? ((other) => other.text ?? ""))(piece, names);
  const style = piece.style ?? {};
  for (const [name, tag] of [["code", "code"], ["strike", "s"], ["italic", "em"], ["bold", "strong"]]) {
    if (style[name]) node = h(tag, {}, node);
  }
  return fragment(node);
}
