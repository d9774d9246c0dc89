// The page: who one is, where one is, and what to do when something happens. Everything else is drawn by the other files.

import { announce, closeMenus, h, toast } from "./dom.js";
import { act, bootstrap, fetchCanvas, fetchHome, fetchMessages, follow } from "./server.js";
import { State, directory, placeOf } from "./state.js";
import { Topbar } from "./topbar.js";
import { drawSidebar } from "./sidebar.js";
import { Conversation } from "./conversation.js";
import { Thread } from "./thread.js";
import { MessageTools, readable } from "./tools.js";
import { Modals } from "./views.js";
import { Hints } from "./hints.js";
import { ask, openSheet } from "./dialogs.js";
import { markdown } from "./markdown.js";
import { keyOf, spoken } from "./messages.js";

const part = (id) => document.getElementById(id);

class Page {
  constructor(data) {
    this.state = new State(data);
    this.names = directory(() => this.state, (channel, ts, thread) => this.go(channel, { reveal: ts, thread }));
    this.stop = () => {};
    this.modals = new Modals({
      names: this.names, act: (action, fields) => this.act(action, fields), channel: () => this.realChannel(), appName: () => this.state.app.name,
    });
    this.tools = new MessageTools(this.messageHost());
    this.hints = new Hints({
      tour: () => this.state.tour, isHome: () => this.isHome(), leadName: () => this.lead()?.real_name ?? "team lead",
      writeExample: () => this.writeExample(), becomeLead: () => this.lead() && this.become(this.lead().id),
    });
    this.topbar = new Topbar(part("topbar"), {
      state: () => this.state, toggleDrawer: () => this.drawer(), setRate: (rate) => this.tryTo("set_rate", { rate }),
      dayChanged: () => this.conversation?.drawDays(), become: (id) => this.become(id), showHints: () => this.showHints(),
      countsOf: async (id) => (await bootstrap(id)).channels.reduce((sum, channel) => sum + (channel.mentions || (channel.is_im ? channel.unread : 0) || 0), 0),
    });
    this.conversation = new Conversation(part("main"), this);
    this.thread = new Thread(part("thread"), this);
    part("drawer-cover").addEventListener("click", () => this.drawer(false));
    window.addEventListener("popstate", () => this.fromAddress());
    document.addEventListener("visibilitychange", () => this.conversation.markRead());
    document.addEventListener("keydown", (event) => this.key(event));
  }

  // ---- who and where ----

  start() {
    this.drawAll();
    this.connect();
    this.fromAddress();
    this.modals.replaceAll(this.state.views);
  }

  connect() {
    this.stop();
    this.seen = 0;
    const happened = (event) => {
      this.seen += 1;
      this.happened(event);
    };
    this.stop = follow(this.state.me, happened, (up) => this.line(up));
  }

  /** The line to the playground came up (catch up on what was missed) or went down (say so). */
  async line(up) {
    this.lineDown = !up;
    this.drawBanner();
    if (!up) document.documentElement.dataset.line = "down";
    if (!up) return;
    try {
      let data, seen;
      // What happens while the answer is on its way is newer than the answer: ask again, or it would be undone.
      do {
        seen = this.seen;
        data = await bootstrap(this.state.me);
      } while (seen !== this.seen);
      this.state.load(data);
      this.drawAll();
      this.modals.replaceAll(this.state.views);
      await Promise.all([this.conversation.refresh(), this.thread.refresh()]);
      document.documentElement.dataset.line = "up"; // caught up: what drives the page may begin
    } catch (error) {
      this.failed(error);
    }
  }

  async become(id) {
    if (id === this.state.me) return;
    try {
      const data = await bootstrap(id);
      const drafts = this.conversation.leave();
      this.thread.close({ quietly: true });
      this.modals.replaceAll([]);
      closeMenus();
      const wanted = this.state.channel && !this.state.channel.is_im ? this.state.channelId : null;
      this.state = new State(data);
      this.state.drafts = drafts;
      this.connect();
      this.topbar.draw();
      this.hints.draw();
      const channel = this.state.channels.get(wanted);
      this.go(channel ? wanted : this.homeChannel(), { replace: true, focus: false });
      this.modals.replaceAll(this.state.views);
      this.drawBanner();
      announce(`You are ${this.state.users.get(id)?.real_name}.`);
      if (id === this.lead()?.id) this.hints.done("switch");
    } catch (error) {
      this.failed(error);
    }
  }

  lead() {
    return this.state.users.get(this.state.tour?.person) ?? null;
  }

  /** Whether one looks at the channel in which the tour begins. */
  isHome() {
    return Boolean(this.state.tour) && this.state.channel?.name === this.state.tour.channel;
  }

  homeChannel() {
    const all = [...this.state.channels.values()];
    return (all.find((channel) => channel.name === this.state.tour?.channel) ?? all.find((channel) => channel.is_member) ?? all[0])?.id;
  }

  /** The channel one looks at, also when the app's own place is open. */
  realChannel() {
    return this.state.channel?.id ?? null;
  }

  fromAddress() {
    const query = new URLSearchParams(window.location.search);
    const linked = placeOf(window.location.href);
    const wanted = linked?.channel ?? query.get("channel");
    const known = wanted === "app" || this.state.channels.has(wanted);
    this.go(known ? wanted : this.homeChannel(), { replace: true, reveal: linked?.ts ?? null, thread: linked?.thread ?? null, focus: !isPhone() });
  }

  async go(id, { replace = false, reveal = null, thread = null, focus = !isPhone(), tab = null } = {}) {
    if (!id) return;
    this.drawer(false);
    const moved = this.state.channelId !== id;
    if ((moved || replace) && !thread) this.thread.close({ quietly: true });
    if (moved) this.conversation.leave();
    if (moved) this.hints.asked = false;
    this.state.channelId = id;
    this.state.tab = tab ?? (id === "app" ? "home" : "messages");
    this.writeAddress(replace || !moved, thread);
    this.drawSidebar();
    await this.conversation.show({ reveal: thread ? null : reveal, focus });
    if (thread) await this.openThread(thread, { focus: false });
    if (thread && reveal) this.thread.list.reveal(reveal);
  }

  writeAddress(replace, thread = this.state.threadTs) {
    rememberPerson(this.state.me);
    const query = new URLSearchParams({ as: this.state.me, channel: this.state.channelId });
    if (thread) query.set("thread", thread);
    const address = `/?${query}`;
    if (replace) window.history.replaceState(null, "", address);
    else window.history.pushState(null, "", address);
    const name = this.state.channel ? this.state.channelName(this.state.channel) : this.state.app.name;
    document.title = `${this.state.channel?.is_im || !this.state.channel ? "" : "#"}${name} · ${this.state.team.name}`;
  }

  async openPerson(id) {
    const known = [...this.state.channels.values()].find((channel) => channel.is_im && channel.user === id);
    if (known) return this.go(known.id);
    const answer = await this.tryTo("open_dm", { with: id });
    if (!answer) return null;
    const channelId = typeof answer.channel === "string" ? answer.channel : answer.channel?.id;
    if (!this.state.channels.has(channelId)) {
      this.state.channels.set(channelId, { id: channelId, name: "", is_im: true, user: id, is_member: true, unread: 0, mentions: 0, ...(answer.channel?.id ? answer.channel : {}) });
    }
    return this.go(channelId);
  }

  /** The app's place: its home where it has one, else the conversation with it. */
  openApp(tab = null) {
    const known = [...this.state.channels.values()].find((channel) => channel.is_im && channel.user === this.state.app.bot_user_id);
    if (tab === "home" || (tab === null && this.state.app.has_home && !known?.unread)) return this.go("app");
    return this.openPerson(this.state.app.bot_user_id);
  }

  openThread(ts, { focus = true } = {}) {
    // On a phone a thread is a place of its own: the phone's Back leads out of it.
    const place = isPhone() && !this.state.threadTs && this.thread.node.hidden && focus;
    this.state.threadTs = ts;
    this.writeAddress(!place);
    return this.thread.open(ts, { focus: focus && !isPhone() });
  }

  drawer(open = !part("page").classList.contains("drawer-open")) {
    const was = part("page").classList.contains("drawer-open");
    part("page").classList.toggle("drawer-open", open);
    part("drawer-cover").hidden = !open;
    this.topbar.menuButton.setAttribute("aria-expanded", String(open));
    if (open) part("sidebar").querySelector(".place.current, .place")?.focus();
    else if (was && part("sidebar").contains(document.activeElement)) this.topbar.menuButton.focus();
  }

  key(event) {
    if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open], .menu")) return;
    if (part("page").classList.contains("drawer-open")) this.drawer(false);
    else if (this.state.threadTs) this.thread.close();
  }

  // ---- drawing ----

  drawAll() {
    this.topbar.draw();
    this.drawSidebar();
    this.hints.draw();
    this.drawBanner();
  }

  drawSidebar() {
    if (this.drawing) return;
    this.drawing = true;
    window.queueMicrotask(() => {
      this.drawing = false;
      drawSidebar(part("sidebar"), this.state, {
        go: (id) => this.go(id), openApp: () => this.openApp(), openPerson: (id) => this.openPerson(id),
        shortcut: (callback) => (this.drawer(false), this.tryTo("shortcut", { callback_id: callback, channel: this.realChannel() })),
      });
    });
  }

  drawBanner() {
    const banner = part("banner");
    const text = this.lineDown
      ? "The playground does not answer. Trying again…"
      : this.state.app.connected ? "" : `${this.state.app.name} is not connected. Messages are kept; commands and buttons will not work until it is back.`;
    if (banner.textContent !== text) banner.textContent = text;
    banner.hidden = !text;
  }

  // ---- doing ----

  act(action, fields = {}) {
    return act(this.state.me, action, fields);
  }

  /** Does something and shows what went wrong; resolves to the answer or null. */
  async tryTo(action, fields = {}) {
    try {
      return await this.act(action, fields);
    } catch (error) {
      this.failed(error);
      return null;
    }
  }

  failed(error) {
    toast(error.message ?? String(error), { kind: "error", instead: error.said });
    this.lastSaid = error.said;
  }

  /** Who writes where, at this moment. */
  place(threadTs = null) {
    return { me: this.state.me, channel: this.realChannel(), threadTs };
  }

  async send(text, { me, channel, threadTs }) {
    if (text.startsWith("/") && /^\/[a-z]/.test(text)) {
      const name = text.split(/\s/)[0];
      if (!this.state.commands.some((command) => command.command === name)) {
        throw new Error(`${name} is not a command here. Try ${this.state.commands.map((command) => command.command).join(", ") || "a message instead"}.`);
      }
      if (threadTs) throw new Error(`${name} does not work in threads. Write it in the channel.`);
      return act(me, "command", { channel, text });
    }
    return act(me, "post_message", { channel, text, thread_ts: threadTs ?? undefined });
  }

  async upload(file) {
    if (file.size > 1024 * 1024) return this.failed(new Error("Files up to 1 MB can be attached here."));
    const content = await file.text();
    return this.tryTo("upload_file", { channel: this.realChannel(), name: file.name, content });
  }

  /** Opens the card where one is; elsewhere than in its channel, it lies above the composer until one goes on. */
  showHints() {
    const shown = !this.hints.node.hidden && this.hints.node.isConnected;
    this.hints.asked = !shown;
    this.hints.open(!shown);
  }

  writeExample() {
    this.go(this.homeChannel()).then(() => this.conversation.composer.begin(this.state.tour.example));
  }

  messageHost() {
    const within = (message) => ({ channel: this.realChannel(), ts: message.ts });
    return {
      state: () => this.state,
      names: this.names,
      channel: () => this.realChannel(),
      failed: (error) => this.failed(error),
      attachTools: (row, message, thread) => this.tools.attach(row, message, thread),
      openThread: (ts) => this.openThread(ts),
      pickReaction: (message, anchor) => this.tools.pick(message, anchor),
      react: (message, name, add) => this.tryTo("react", { ...within(message), name, add }),
      edit: (message, text) => this.tryTo("edit_message", { ...within(message), text }),
      remove: (message) => this.remove(message),
      shortcut: (callback, message) => this.tryTo("shortcut", { callback_id: callback, channel: this.realChannel(), message_ts: message.ts }),
      copyLink: (message) => this.copy(message.permalink ?? this.linkTo(message), "Link copied."),
      copyText: (message) => this.copy(readable(message.text, this.names), "Text copied."),
      openCanvas: (id, title) => this.openCanvas(id, title),
      pressIn: async (message, action) => {
        this.conversation.list.pressed();
        const where = message.ephemeral_id ? { ephemeral_id: message.ephemeral_id } : { message_ts: message.ts };
        // The step is done when something came of it: the app has changed what was pressed.
        if (this.state.tour && action.label?.startsWith(this.state.tour.button)) this.pressed = message.ts;
        try {
          return await this.act("press", { channel: this.realChannel(), ...where, ...action });
        } catch (error) {
          this.pressed = null;
          throw error;
        }
      },
    };
  }

  linkTo(message) {
    const query = new URLSearchParams({ channel: this.realChannel(), message: message.ts });
    return `${window.location.origin}/?${query}`;
  }

  async copy(text, words) {
    try {
      await navigator.clipboard.writeText(text);
      toast(words);
    } catch {
      openSheet("Copy this", h("pre", { tabindex: "0" }, text));
    }
  }

  async remove(message) {
    if (message.ephemeral_id) return this.conversation.dismiss(message);
    if (!(await ask("Delete this message?", "It is gone for everybody. The app is told.", "Delete", { danger: true }))) return null;
    return this.tryTo("delete_message", { channel: this.realChannel(), ts: message.ts });
  }

  async openCanvas(id, title) {
    try {
      const answer = await fetchCanvas(this.state.me, id);
      const canvas = answer.canvas ?? answer;
      openSheet(canvas.title ?? title, h("div", { class: "prose canvas" }, markdown(canvas.markdown ?? canvas.content ?? "", 2)));
    } catch (error) {
      this.failed(error);
    }
  }

  async loadMessages(channel, before) {
    return fetchMessages(this.state.me, channel, before);
  }

  async loadHome() {
    return fetchHome(this.state.me);
  }

  // ---- what happens ----

  happened(event) {
    HAPPENED[event.type]?.(this, event);
  }

  /** A new message anywhere: into its list, its thread, the marks of its channel, and to the ear. */
  arrived(channelId, message) {
    const channel = this.state.channels.get(channelId);
    const reply = message.thread_ts && message.thread_ts !== message.ts;
    if (!reply || message.subtype === "thread_broadcast" || message.is_ephemeral) this.conversation.add(channelId, message);
    if (reply) {
      this.conversation.countReply(channelId, message);
      this.thread.add(channelId, message);
    }
    if (reply && this.state.tour?.channel === channel?.name && message.bot_id && this.wrote(channelId, message.thread_ts)) this.hints.done("write");
    if (message.user !== this.state.me) this.notice(channel, channelId, message);
    this.callOthers(message);
  }

  /** Whether the thread hangs on something that the person wrote, as far as this page knows. */
  wrote(channelId, ts) {
    const known = this.state.conversations.get(channelId)?.messages.find((message) => message.ts === ts);
    return !known || known.user === this.state.me;
  }

  notice(channel, channelId, message) {
    if (channelId === this.realChannel()) return announce(spoken(message, this.names));
    const mentioned = channel?.is_im || this.namesMe(message);
    if (channel && !message.is_ephemeral && !(channel.latest_ts >= message.ts)) {
      channel.latest_ts = message.ts;
      channel.unread = (channel.unread ?? 0) + 1;
      if (mentioned) channel.mentions = (channel.mentions ?? 0) + 1;
      this.drawSidebar();
    }
    if (!mentioned) return null;
    return toast(spoken(message, this.names), { action: { label: "Open", run: () => this.go(channelId, { reveal: message.ts }) } });
  }

  /** Whether the text calls the person: by name, by a group they are in, or as everybody. */
  namesMe(message) {
    const text = String(message.text ?? "");
    const mine = [...this.state.groups.values()].filter((group) => group.users?.includes(this.state.me));
    return text.includes(`<@${this.state.me}`) || /<!(channel|here|everyone)/.test(text) || mine.some((group) => text.includes(`<!subteam^${group.id}`));
  }

  /** Somebody else was named: the people switch shows it. */
  callOthers(message) {
    const named = [...JSON.stringify([message.text, message.blocks]).matchAll(/<@([UW][A-Z0-9]+)/g)].map((found) => found[1]);
    const others = named.filter((id) => id !== this.state.me && id !== message.user && this.state.users.get(id) && !this.state.users.get(id).is_bot);
    if (others.length) this.topbar.call(others);
  }
}

const HAPPENED = {
  message: (page, { channel, message }) => page.arrived(channel, message),
  message_changed(page, { channel, message }) {
    page.conversation.change(channel, message);
    page.thread.change(channel, message);
    if (page.pressed === message.ts) page.hints.done("press");
  },
  message_deleted(page, { channel, ts }) {
    page.conversation.drop(channel, ts);
    page.thread.drop(channel, ts);
  },
  ephemeral_deleted(page, { channel, ephemeral_id: id }) {
    const key = keyOf({ ephemeral_id: id });
    page.conversation.drop(channel, key);
    page.thread.drop(channel, key);
  },
  reaction(page, { channel, ts, reactions }) {
    page.conversation.patch(channel, ts, { reactions });
    page.thread.patch(channel, ts, { reactions });
  },
  pins: (page, { channel, pins }) => page.conversation.setPins(channel, pins),
  channel(page, { channel }) {
    const before = page.state.channels.get(channel.id);
    page.state.channels.set(channel.id, { ...before, ...channel });
    page.drawSidebar();
    if (channel.id === page.state.channelId) page.conversation.drawFrame();
  },
  view_opened: (page, { view }) => page.modals.show(view),
  view_updated: (page, { view }) => page.modals.update(view),
  view_closed: (page, { view }) => page.modals.remove(view),
  home: (page, { view }) => page.conversation.showHome(view),
  app(page, { connected }) {
    page.state.app.connected = connected;
    page.drawBanner();
    page.drawSidebar();
  },
  clock(page, { type: _, ...clock }) {
    page.state.clock = clock.clock ?? clock;
    page.topbar.drawRates();
    page.topbar.tick();
  },
  toast(page, { text, kind }) {
    // The answer to one's own act says the same in other words.
    if (text !== page.lastSaid) toast(text, { kind: kind === "error" ? "error" : "notice" });
    page.lastSaid = null;
  },
};

const isPhone = () => window.matchMedia("(max-width: 720px)").matches;

const PERSON = "playground-person";

/** Whom one was last, for links that do not say. */
function rememberedPerson() {
  try {
    return window.localStorage.getItem(PERSON);
  } catch {
    return null;
  }
}

function rememberPerson(id) {
  try {
    window.localStorage.setItem(PERSON, id);
  } catch {
    // A browser that keeps nothing begins as the first person.
  }
}

async function begin() {
  const query = new URLSearchParams(window.location.search);
  const wanted = query.get("as") ?? rememberedPerson() ?? "";
  let data;
  try {
    data = await bootstrap(wanted);
  } catch (error) {
    if (!wanted) {
      part("banner").hidden = false;
      part("banner").textContent = error.message;
      window.setTimeout(begin, 2000);
      return;
    }
    data = await bootstrap("");
  }
  part("banner").hidden = true;
  new Page(data).start();
}

begin();
