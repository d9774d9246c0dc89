// The middle of the page: a channel's head, its messages and its composer; or the app's home.

import { fill, h, icon, openMenu, toast } from "./dom.js";
import { Composer } from "./composer.js";
import { MessageList, authorOf, clockTime, keyOf } from "./messages.js";
import { ask, emptyState, openSheet } from "./dialogs.js";
import { mrkdwn } from "./mrkdwn.js";
import { renderHome } from "./views.js";

const byTs = (one, other) => (one.ts < other.ts ? -1 : one.ts > other.ts ? 1 : 0);

export class Conversation {
  constructor(node, page) {
    this.page = page;
    this.visit = 0;
    this.head = h("header", { class: "channel-head" });
    this.older = h("li", { class: "older" }, h("span", { class: "spinner", role: "status", "aria-label": "Loading older messages" }));
    this.list = new MessageList(page.messageHost(), { label: "Messages", onBottom: () => this.markRead() });
    this.composer = new Composer(
      {
        names: page.names, commands: () => page.state.commands, allowCommands: true,
        place: () => page.place(), send: (text, place) => (this.list.sent(), page.send(text, place)),
        upload: (file) => page.upload(file), failed: (error) => page.failed(error), editLast: () => this.editLast(),
      },
      { label: "Message" },
    );
    this.composer.field.id = "composer";
    this.foot = h("div", { class: "channel-foot" }, page.hints.node, this.composer.node);
    this.home = h("div", { class: "home-frame", tabindex: "-1" });
    this.homesShown = 0;
    node.replaceChildren(this.head, this.list.node, this.home, this.foot);
  }

  get state() {
    return this.page.state;
  }

  draftKey() {
    return `${this.state.me} ${this.state.channelId}`;
  }

  /** Keeps what is half written; returns all drafts. */
  leave() {
    if (this.state.channelId) this.state.drafts.set(this.draftKey(), this.composer.text);
    return this.state.drafts;
  }

  async show({ reveal = null, focus = true } = {}) {
    const visit = (this.visit += 1);
    const channel = this.state.channel;
    this.drawFrame();
    this.page.hints.draw();
    if (!channel) return this.openHome(focus);
    this.composer.text = this.state.drafts.get(this.draftKey()) ?? "";
    const cached = this.conversationOf(channel.id);
    const newFrom = channel.unread > 0 ? channel.last_read : null;
    this.list.reset(cached.messages, { newFrom, head: cached.fetched ? this.headOf(cached) : null });
    if (focus) this.composer.focus();
    await this.refresh();
    if (visit === this.visit && reveal) await this.reveal(reveal);
    return null;
  }

  /** Fetches the newest messages; what is already shown and the same stays as it is. */
  async refresh() {
    const channel = this.state.channel;
    if (!channel) return this.state.channelId === "app" ? this.openHome(false) : null;
    const { state } = this;
    try {
      const answer = await this.latest(channel.id);
      if (state !== this.state) return null;
      const cached = this.merge(channel.id, answer);
      if (channel.id !== this.state.channelId) return null;
      this.list.head = this.headOf(cached);
      this.list.draw(cached.messages);
      this.drawFrame();
      this.markRead();
    } catch (error) {
      this.page.failed(error);
    }
    return null;
  }

  /** The newest messages, asked for again when something happened meanwhile: an old answer must not undo an event. */
  async latest(id) {
    const known = this.conversationOf(id);
    for (let tries = 0; ; tries += 1) {
      const { changes } = known;
      const answer = await this.page.loadMessages(id);
      if (known.changes === changes || tries === 4) return answer;
    }
  }

  /** What is known of a channel; nothing at first, but events are kept from then on. */
  conversationOf(id) {
    const { conversations } = this.state;
    if (!conversations.has(id)) conversations.set(id, { messages: [], hasMore: false, pins: [], changes: 0, fetched: false });
    return conversations.get(id);
  }

  merge(id, answer) {
    const known = this.conversationOf(id);
    const before = new Map(known.messages.map((message) => [keyOf(message), message]));
    const fresh = answer.messages.map((message) => same(before.get(keyOf(message)), message));
    const since = fresh[0]?.ts ?? "";
    const until = fresh.at(-1)?.ts ?? "";
    const kept = known.messages.filter((message) => message.ts < since || message.ts > until);
    const keys = new Set(fresh.map(keyOf));
    const messages = [...kept.filter((message) => !keys.has(keyOf(message))), ...fresh].sort(byTs);
    const older = kept.some((message) => message.ts < since);
    return Object.assign(known, { messages, hasMore: older ? known.hasMore : answer.has_more, pins: answer.pins ?? [], pinned: answer.pinned ?? [], fetched: true });
  }

  headOf(cached) {
    return { node: cached.hasMore ? this.older : this.beginning(), reached: () => this.loadOlder() };
  }

  beginning() {
    const channel = this.state.channel;
    if (!channel) return null;
    const name = this.state.channelName(channel);
    const words = channel.is_im ? `This is where you and ${name} talk.` : channel.purpose || `This is the beginning of #${name}.`;
    return h("li", { class: "beginning" }, h("strong", {}, channel.is_im ? name : `#${name}`), h("span", { class: "prose inline" }, mrkdwn(words, this.page.names)));
  }

  /** "Today" has become "Yesterday". */
  drawDays() {
    this.list.draw(this.list.messages);
  }

  async loadOlder() {
    const cached = this.state.conversations.get(this.state.channelId);
    if (!cached?.hasMore || this.loading) return;
    this.loading = true;
    const { channelId } = this.state;
    try {
      const answer = await this.page.loadMessages(channelId, cached.messages[0]?.ts);
      const keys = new Set(cached.messages.map(keyOf));
      cached.messages = [...answer.messages.filter((message) => !keys.has(keyOf(message))), ...cached.messages];
      cached.hasMore = answer.has_more && answer.messages.length > 0;
      if (channelId === this.state.channelId) {
        this.list.head = this.headOf(cached);
        this.list.draw(cached.messages);
      }
    } catch (error) {
      this.page.failed(error);
    } finally {
      this.loading = false;
    }
  }

  async reveal(ts) {
    for (let tries = 0; tries < 20; tries += 1) {
      if (this.list.reveal(ts)) return;
      const cached = this.state.conversations.get(this.state.channelId);
      if (!cached?.hasMore || cached.messages[0]?.ts < ts) break;
      await this.loadOlder();
    }
    // Not in the channel's own list: a reply, whose thread is not known here, or gone.
    toast("That message is not in this channel's list; it may be a reply in a thread.");
  }

  // ---- head and foot ----

  drawFrame() {
    const channel = this.state.channel;
    const isApp = this.state.channelId === "app" || (channel?.is_im && channel.user === this.state.app.bot_user_id);
    const name = channel ? this.state.channelName(channel) : this.state.app.name;
    const kind = channel?.is_im || !channel ? null : icon(channel.is_archived ? "archive" : channel.is_private ? "lock" : "hash");
    const topic = channel?.topic?.value ?? channel?.topic ?? "";
    fill(
      this.head,
      h("div", { class: "channel-title" }, h("h1", {}, kind, kind && channel.is_private ? h("span", { class: "visually-hidden" }, "Private channel ") : null, h("span", { class: "name", title: name }, name)),
        topic ? h("div", { class: "topic prose inline", title: topic }, mrkdwn(topic, this.page.names)) : null),
      isApp ? this.tabs() : null,
      channel ? this.headTools(channel) : null,
    );
    const showHome = !channel;
    this.list.node.hidden = showHome;
    this.home.hidden = !showHome;
    this.foot.hidden = showHome;
    if (channel) this.drawFoot(channel, name);
  }

  tabs() {
    if (!this.state.app.has_home) return null;
    const onHome = this.state.channelId === "app";
    const tab = (label, current, run) => h("button", { type: "button", role: "tab", "aria-selected": String(current), class: "tab", onclick: run }, label);
    return h("div", { class: "tabs", role: "tablist", "aria-label": this.state.app.name },
      tab("Home", onHome, () => this.page.openApp("home")), tab("Messages", !onHome, () => this.page.openApp("messages")));
  }

  headTools(channel) {
    const pins = this.state.conversations.get(channel.id)?.pins ?? [];
    const more = h("button", { type: "button", class: "icon-button", "aria-label": "Channel actions", "aria-haspopup": "menu", "aria-expanded": "false" }, icon("more"));
    more.addEventListener("click", () => openMenu(more, this.channelMenu(channel), { label: "Channel actions" }));
    return h("div", { class: "head-tools" },
      channel.canvas_id ? h("button", { type: "button", class: "head-button", onclick: () => this.page.openCanvas(channel.canvas_id, "Canvas") }, icon("file"), "Canvas") : null,
      pins.length ? h("button", { type: "button", class: "head-button", "aria-label": `${pins.length} pinned`, title: "Pinned messages", onclick: () => this.showPins() }, icon("pin"), String(pins.length)) : null,
      channel.is_im || !channel.num_members ? null : h("span", { class: "members", title: `${channel.num_members} members` }, `${channel.num_members} members`),
      channel.is_im ? null : more);
  }

  channelMenu(channel) {
    return [
      { label: "Copy name", icon: "file", run: () => this.page.copy(`#${channel.name}`, "Name copied.") },
      { label: "Copy link", icon: "link", run: () => this.page.copy(`${window.location.origin}/?${new URLSearchParams({ channel: channel.id })}`, "Link copied.") },
      ...(channel.is_member && !channel.is_archived
        ? [
            null,
            { label: "Leave channel", icon: "leave", run: () => this.page.tryTo("leave", { channel: channel.id }) },
            { label: "Archive channel", icon: "archive", danger: true, run: () => this.archive(channel) },
          ]
        : []),
    ];
  }

  async archive(channel) {
    if (await ask(`Archive #${channel.name}?`, "Nobody can write in it any more.", "Archive", { danger: true })) this.page.tryTo("archive_channel", { channel: channel.id });
  }

  drawFoot(channel, name) {
    const phone = window.matchMedia("(max-width: 720px)").matches;
    const closed = channel.is_archived || (!channel.is_member && !channel.is_im);
    this.composer.rename(phone ? "Message" : channel.is_im ? `Message ${name}` : `Message #${name}`);
    if (!closed) {
      if (this.composer.node.parentNode !== this.foot) this.foot.replaceChildren(this.page.hints.node, this.composer.node);
      return;
    }
    const join = h("button", { type: "button", class: "button primary solid", onclick: () => this.page.tryTo("join", { channel: channel.id }) }, "Join");
    this.foot.replaceChildren(h("div", { class: "closed" }, channel.is_archived ? `#${name} is archived. You can read it, but not write.` : `You are looking at #${name}.`, channel.is_archived ? null : join));
  }

  showPins() {
    const cached = this.state.conversations.get(this.state.channelId);
    const known = new Map([...(cached?.pinned ?? []), ...(cached?.messages ?? [])].map((message) => [message.ts, message]));
    const rows = (cached?.pins ?? []).map((ts) => {
      const message = known.get(ts);
      const author = message ? authorOf(message, this.page.names) : null;
      const open = () => (sheet.close(), this.reveal(ts));
      return h("li", { class: "pinned-row" },
        h("div", { class: "head" }, h("span", { class: "author" }, author ? author.real_name || author.name : "Message"), h("time", { class: "stamp" }, clockTime(ts)),
          h("button", { type: "button", class: "button small", onclick: open }, "Show")),
        message ? h("div", { class: "prose clamp" }, mrkdwn(message.text ?? "", this.page.names)) : null);
    });
    const sheet = openSheet("Pinned messages", h("ul", { class: "pinned-list" }, rows));
  }

  // ---- the app's home ----

  async openHome(focus) {
    this.home.replaceChildren(h("div", { class: "loading" }, h("span", { class: "spinner", role: "status", "aria-label": "Loading" })));
    if (focus) this.home.focus({ preventScroll: true });
    const before = this.homesShown;
    try {
      await this.page.act("open_home");
      const answer = await this.page.loadHome();
      // A home that was published meanwhile is newer than the answer.
      if (this.homesShown === before) this.showHome(answer.view);
    } catch (error) {
      this.home.replaceChildren(emptyState("The home could not be opened", error.message));
    }
  }

  showHome(view) {
    if (this.state.channelId !== "app") return;
    this.homesShown += 1;
    if (!view) {
      this.home.replaceChildren(emptyState("Nothing here yet", `${this.state.app.name} has not put anything on your home.`));
      return;
    }
    this.home.replaceChildren(renderHome(view, { names: this.page.names, act: (action, fields) => this.page.act(action, fields) }));
  }

  // ---- what happens ----

  update(channelId, change, { arrived = false } = {}) {
    const cached = this.state.conversations.get(channelId);
    if (!cached) return;
    cached.changes += 1;
    change(cached);
    if (channelId === this.state.channelId) this.list.draw(cached.messages, { arrived });
  }

  add(channelId, message) {
    const mine = message.user === this.state.me;
    if (channelId === this.state.channelId && (mine || this.list.answersPress(message))) this.list.stuck = true;
    this.update(channelId, (cached) => {
      const key = keyOf(message);
      cached.messages = [...cached.messages.filter((one) => keyOf(one) !== key), message].sort(byTs);
    }, { arrived: !mine });
    if (channelId === this.state.channelId) this.markRead();
  }

  change(channelId, message) {
    this.update(channelId, (cached) => {
      const key = keyOf(message);
      cached.messages = cached.messages.map((one) => (keyOf(one) === key ? same(one, message) : one));
    });
  }

  patch(channelId, ts, fields) {
    this.update(channelId, (cached) => {
      cached.messages = cached.messages.map((one) => (one.ts === ts && !one.ephemeral_id ? { ...one, ...fields } : one));
    });
  }

  drop(channelId, key) {
    this.update(channelId, (cached) => {
      cached.messages = cached.messages.filter((one) => keyOf(one) !== key);
      cached.pins = cached.pins.filter((ts) => ts !== key);
    });
  }

  /** An ephemeral message is this person's alone: it goes at once, whatever becomes of the call. */
  dismiss(message) {
    const channel = this.state.channelId;
    this.drop(channel, keyOf(message));
    this.page.thread.drop(channel, keyOf(message));
    return this.page.tryTo("delete_message", { channel, ephemeral_id: message.ephemeral_id });
  }

  /** A reply raises its parent's count, unless the parent has already been told. */
  countReply(channelId, reply) {
    this.update(channelId, (cached) => {
      cached.messages = cached.messages.map((one) => {
        if (one.ts !== reply.thread_ts || reply.is_ephemeral || (one.latest_reply ?? "") >= reply.ts) return one;
        const users = [...new Set([...(one.reply_users ?? []), reply.user ?? reply.bot_id])];
        return { ...one, reply_count: (one.reply_count ?? 0) + 1, latest_reply: reply.ts, reply_users: users };
      });
    });
  }

  setPins(channelId, pins) {
    this.update(channelId, (cached) => {
      const pinned = new Set(pins);
      cached.pins = pins;
      cached.messages = cached.messages.map((one) => (Boolean(one.pinned) === pinned.has(one.ts) ? one : { ...one, pinned: pinned.has(one.ts) }));
    });
    if (channelId === this.state.channelId) this.drawFrame();
  }

  /** Tells the server how far one has read, once per newest message, while the page is looked at. */
  markRead() {
    const channel = this.state.channel;
    const latest = this.state.conversations.get(channel?.id)?.messages.findLast((message) => !message.is_ephemeral);
    if (!channel || !latest || !channel.is_member || document.visibilityState !== "visible" || !this.list.atBottom()) return;
    if ((channel.last_read ?? "") >= latest.ts && !channel.unread && !channel.mentions) return;
    Object.assign(channel, { last_read: latest.ts, unread: 0, mentions: 0 });
    this.page.drawSidebar();
    // Nobody waits for this; a mark that got lost is set with the next message.
    this.page.act("mark_read", { channel: channel.id, ts: latest.ts }).catch(() => null);
  }

  editLast() {
    const mine = this.state.conversations.get(this.state.channelId)?.messages.findLast((message) => message.user === this.state.me && !message.is_ephemeral && !message.bot_id);
    const row = mine && this.list.items.get(keyOf(mine))?.node;
    if (!row?.querySelector(".content")) return false;
    this.page.tools.edit(mine, row);
    return true;
  }
}

/** The old object where the new one says the same, so that its row is not drawn anew. */
export function same(known, message) {
  return known && JSON.stringify(known) === JSON.stringify(message) ? known : message;
}
