// What the page knows, and the directory through which texts and blocks look up people and channels.

import { safeLink } from "./mrkdwn.js";

/** The state of one person's page; replaced as a whole when another person is chosen. */
export class State {
  constructor(data) {
    this.load(data);
    this.conversations = new Map();
    this.drafts = new Map();
    this.channelId = null;
    this.threadTs = null;
    this.tab = "messages";
  }

  /** Takes over a bootstrap answer. */
  load(data) {
    this.team = data.team ?? { name: "Playground" };
    this.me = typeof data.me === "string" ? data.me : data.me?.id;
    this.users = new Map((data.users ?? []).map((user) => [user.id, user]));
    this.channels = new Map((data.channels ?? []).map((channel) => [channel.id, channel]));
    this.groups = new Map((data.groups ?? []).map((group) => [group.id, group]));
    this.commands = data.commands ?? [];
    this.shortcuts = data.shortcuts ?? [];
    this.app = data.app ?? { name: "App", connected: true };
    this.clock = data.clock ?? { virtual: Date.now() / 1000, real: Date.now() / 1000, rate: 1 };
    this.views = data.views ?? [];
    this.tour = data.tour ?? null;
  }

  /** Virtual now, in epoch seconds. */
  now() {
    return this.clock.virtual + (Date.now() / 1000 - this.clock.real) * this.clock.rate;
  }

  get channel() {
    return this.channels.get(this.channelId) ?? null;
  }

  /** The name to show for a channel: #name, or the other person of a direct conversation. */
  channelName(channel) {
    if (!channel) return "";
    if (!channel.is_im) return channel.name;
    const partner = this.users.get(channel.user);
    return partner?.real_name || partner?.name || channel.name || "Direct message";
  }

  /** People with whom one can talk, the person first among them being oneself. */
  people({ withBots = false } = {}) {
    return [...this.users.values()].filter((user) => (withBots || !user.is_bot) && !user.deleted);
  }
}

/** The lookups that rendering needs. `go(channel, ts?)` and `state()` come from the page. */
export function directory(state, go) {
  const follow = (address) => {
    const place = placeOf(address);
    if (!place || !state().channels.has(place.channel)) return false;
    go(place.channel, place.ts, place.thread);
    return true;
  };
  return {
    me: () => state().me,
    user: (id) => state().users.get(id) ?? null,
    bot: (id) => (id ? state().users.get(state().app.bot_user_id) ?? null : null),
    channel: (id) => state().channels.get(id) ?? null,
    group: (id) => state().groups.get(id) ?? null,
    groups: () => [...state().groups.values()],
    people: (options) => state().people(options),
    channels: () =>
      [...state().channels.values()].filter((channel) => !channel.is_archived).map((channel) => ({ ...channel, label: state().channelName(channel) })),
    now: () => state().now(),
    go,
    follow,
    link: (address, label) =>
      safeLink(address, label, {
        onclick: (event) => {
          if (!event.ctrlKey && !event.metaKey && follow(address)) event.preventDefault();
        },
      }),
  };
}

/** The channel and message that an address points to: a permalink (/archives/C…/p…) or this page's own form. */
export function placeOf(address) {
  let url;
  try {
    url = new URL(address, window.location.href);
  } catch {
    return null;
  }
  const archive = /^\/archives\/([A-Z0-9]+)(?:\/p(\d{7,}))?$/.exec(url.pathname);
  if (archive) {
    const [, channel, digits] = archive;
    return { channel, ts: digits ? `${digits.slice(0, -6)}.${digits.slice(-6)}` : null, thread: url.searchParams.get("thread_ts") };
  }
  if (url.origin !== window.location.origin || url.pathname !== "/" || !url.searchParams.has("channel")) return null;
  return { channel: url.searchParams.get("channel"), ts: url.searchParams.get("message"), thread: url.searchParams.get("thread") };
}
