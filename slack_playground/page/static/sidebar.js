// The list of places: channels, the app, direct messages, and what else could be joined.

import { avatar, fill, h, icon } from "./dom.js";

const byName = (state) => (one, other) => state.channelName(one).localeCompare(state.channelName(other));

/** Draws the list. `host`: {go(id), openApp(), openPerson(id), join(id), shortcut(callback)}. */
export function drawSidebar(node, state, host) {
  const focused = node.contains(document.activeElement) ? document.activeElement.dataset.place : null;
  const all = [...state.channels.values()];
  const mine = all.filter((channel) => !channel.is_im && channel.is_member && !channel.is_archived).sort(byName(state));
  const direct = all.filter((channel) => channel.is_im && channel.user !== state.app.bot_user_id).sort(byName(state));
  const others = all.filter((channel) => !channel.is_im && !channel.is_archived && !channel.is_member && !channel.is_private).sort(byName(state));
  const archived = all.filter((channel) => !channel.is_im && channel.is_archived).sort(byName(state));
  fill(
    node,
    h("div", { class: "sidebar-scroll" },
      section("Channels", mine.map((channel) => place(channel, state, host))),
      section("App", [appRow(state, host)]),
      section("Direct messages", peopleRows(direct, state, host)),
      others.length ? folded("More channels", others, state, host) : null,
      archived.length ? folded("Archived", archived, state, host) : null),
    globalShortcuts(state, host),
  );
  if (focused) node.querySelector(`[data-place="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

function section(title, rows) {
  return h("section", { class: "places" }, h("h2", {}, title), h("ul", {}, rows.map((row) => h("li", {}, row))));
}

function folded(title, channels, state, host) {
  const open = channels.some((channel) => channel.id === state.channelId);
  return h("details", { class: "places", open }, h("summary", {}, title, h("span", { class: "count" }, String(channels.length))),
    h("ul", {}, channels.map((channel) => h("li", {}, place(channel, state, host)))));
}

function marks(channel) {
  if (channel.mentions) return h("span", { class: "mentions", "aria-label": `${channel.mentions} mentions` }, String(channel.mentions));
  return null;
}

function place(channel, state, host) {
  const current = channel.id === state.channelId;
  const name = state.channelName(channel);
  const unread = channel.unread > 0 && !current;
  return h(
    "button",
    {
      type: "button", class: `place ${unread ? "unread" : ""} ${current ? "current" : ""}`, "aria-current": current ? "page" : null,
      dataset: { place: channel.id }, onclick: () => host.go(channel.id),
    },
    channel.is_im ? avatar(state.users.get(channel.user), "tiny") : icon(channel.is_archived ? "archive" : channel.is_private ? "lock" : "hash"),
    h("span", { class: "place-name" }, name),
    unread ? h("span", { class: "visually-hidden" }, `, ${channel.unread} unread`) : null,
    current ? null : marks(channel),
  );
}

function appRow(state, host) {
  const channel = [...state.channels.values()].find((one) => one.is_im && one.user === state.app.bot_user_id);
  const bot = state.users.get(state.app.bot_user_id) ?? { is_bot: true, name: state.app.name };
  const current = state.channelId === "app" || (channel && channel.id === state.channelId);
  const unread = channel?.unread > 0 && !current;
  return h(
    "button",
    {
      type: "button", class: `place ${unread ? "unread" : ""} ${current ? "current" : ""}`, "aria-current": current ? "page" : null,
      dataset: { place: "app" }, onclick: () => host.openApp(),
    },
    avatar({ ...bot, is_bot: true }, "tiny"),
    h("span", { class: "place-name" }, state.app.name ?? bot.real_name),
    h("span", { class: `presence ${state.app.connected ? "on" : ""}`, title: state.app.connected ? "Connected" : "Not connected" }),
    unread ? h("span", { class: "mentions", "aria-label": `${channel.unread} unread` }, String(channel.unread)) : null,
  );
}

/** Everybody, whether or not a conversation has begun; those with one carry its marks. */
function peopleRows(direct, state, host) {
  const started = new Map(direct.map((channel) => [channel.user, channel]));
  return state.people().map((user) => {
    const channel = started.get(user.id);
    const current = channel && channel.id === state.channelId;
    const unread = channel?.unread > 0 && !current;
    return h(
      "button",
      {
        type: "button", class: `place ${unread ? "unread" : ""} ${current ? "current" : ""}`, "aria-current": current ? "page" : null,
        dataset: { place: user.id }, onclick: () => host.openPerson(user.id),
      },
      avatar(user, "tiny"),
      h("span", { class: "place-name" }, user.real_name || user.name, user.id === state.me ? h("span", { class: "you" }, "you") : null),
      unread ? h("span", { class: "mentions", "aria-label": `${channel.unread} unread` }, String(channel.unread)) : null,
    );
  });
}

function globalShortcuts(state, host) {
  const global = state.shortcuts.filter((shortcut) => shortcut.type === "global");
  if (!global.length) return null;
  return h("div", { class: "shortcuts" },
    global.map((shortcut) => h("button", { type: "button", class: "shortcut", onclick: () => host.shortcut(shortcut.callback_id) }, icon("bolt"), shortcut.name)));
}
