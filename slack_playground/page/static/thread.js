// One thread beside its channel; on a phone it covers the page.

import { h, icon } from "./dom.js";
import { Composer } from "./composer.js";
import { MessageList, keyOf } from "./messages.js";
import { same } from "./conversation.js";
import { fetchReplies } from "./server.js";

export class Thread {
  constructor(node, page) {
    this.node = node;
    this.page = page;
    this.messages = [];
    this.changes = 0;
    this.returnTo = null;
    this.list = new MessageList(page.messageHost(), { label: "Thread", thread: true });
    this.composer = new Composer(
      {
        names: page.names, commands: () => page.state.commands, allowCommands: false,
        place: () => page.place(page.state.threadTs), send: (text, place) => (this.list.sent(), page.send(text, place)), failed: (error) => page.failed(error),
      },
      { label: "Reply in thread" },
    );
    this.where = h("span", { class: "thread-where" });
    // On a phone the thread covers the channel and the bar: the ways back and on stand in its own head.
    this.back = h("button", { type: "button", class: "icon-button only-phone", "aria-label": "Back to the channel", onclick: () => this.close() }, icon("back"));
    const channels = h("button", { type: "button", class: "icon-button only-phone", "aria-label": "All channels", onclick: () => page.drawer(true) }, icon("menu"));
    node.replaceChildren(
      h("header", { class: "channel-head" },
        this.back,
        h("div", { class: "channel-title" }, h("h2", {}, "Thread"), this.where),
        channels,
        h("button", { type: "button", class: "icon-button", "aria-label": "Close thread", onclick: () => this.close() }, icon("close"))),
      this.list.node,
      h("div", { class: "channel-foot" }, this.composer.node),
    );
  }

  get state() {
    return this.page.state;
  }

  async open(ts, { focus = true } = {}) {
    if (this.node.hidden) this.returnTo = document.activeElement;
    this.channelId = this.state.channelId;
    this.node.hidden = false;
    document.getElementById("page").classList.add("thread-open");
    const channel = this.state.channel;
    this.where.textContent = channel ? (channel.is_im ? this.state.channelName(channel) : `#${channel.name}`) : "";
    this.back.setAttribute("aria-label", `Back to ${this.where.textContent || "the channel"}`);
    this.composer.text = this.state.drafts.get(this.draftKey(ts)) ?? "";
    const known = this.state.conversations.get(this.channelId)?.messages.find((message) => message.ts === ts);
    this.messages = known ? [known] : [];
    this.list.reset(this.messages);
    if (focus) this.composer.focus();
    await this.refresh();
  }

  draftKey(ts) {
    return `${this.state.me} ${this.channelId} ${ts}`;
  }

  async refresh() {
    const ts = this.state.threadTs;
    if (!ts || this.node.hidden) return;
    try {
      const answer = await this.latest(ts);
      if (ts !== this.state.threadTs) return;
      const before = new Map(this.messages.map((message) => [keyOf(message), message]));
      this.messages = answer.messages.map((message) => same(before.get(keyOf(message)), message));
      this.list.draw(this.messages);
    } catch (error) {
      this.page.failed(error);
    }
  }

  /** The thread's messages, asked for again when something happened meanwhile. */
  async latest(ts) {
    for (let tries = 0; ; tries += 1) {
      const { changes } = this;
      const answer = await fetchReplies(this.state.me, this.channelId, ts);
      if (this.changes === changes || tries === 4) return answer;
    }
  }

  close({ quietly = false } = {}) {
    if (this.node.hidden) return;
    this.state.drafts.set(this.draftKey(this.state.threadTs), this.composer.text);
    this.state.threadTs = null;
    this.messages = [];
    this.node.hidden = true;
    document.getElementById("page").classList.remove("thread-open");
    if (quietly) return;
    this.page.writeAddress(true);
    if (this.returnTo?.isConnected) this.returnTo.focus({ preventScroll: true });
    else this.page.conversation.composer.focus();
  }

  // ---- what happens ----

  concerns(channelId, message) {
    this.changes += 1;
    return channelId === this.channelId && this.state.threadTs && (message.thread_ts === this.state.threadTs || message.ts === this.state.threadTs);
  }

  add(channelId, message) {
    if (!this.concerns(channelId, message)) return;
    const key = keyOf(message);
    this.messages = [...this.messages.filter((one) => keyOf(one) !== key), message].sort((one, other) => (one.ts < other.ts ? -1 : 1));
    if (message.user === this.state.me) this.list.stuck = true;
    this.list.draw(this.messages, { arrived: true });
  }

  change(channelId, message) {
    if (!this.concerns(channelId, message)) return;
    this.messages = this.messages.map((one) => (keyOf(one) === keyOf(message) ? same(one, message) : one));
    this.list.draw(this.messages);
  }

  patch(channelId, ts, fields) {
    if (channelId !== this.channelId) return;
    this.changes += 1;
    this.messages = this.messages.map((one) => (one.ts === ts ? { ...one, ...fields } : one));
    this.list.draw(this.messages);
  }

  drop(channelId, key) {
    if (channelId !== this.channelId) return;
    this.changes += 1;
    this.messages = this.messages.filter((one) => keyOf(one) !== key);
    this.list.draw(this.messages);
  }
}
