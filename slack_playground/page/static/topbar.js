// The bar across the page: the mark, the clock and how fast it runs, and who one is.

import { avatar, bell, h, icon, openMenu } from "./dom.js";

const RATES = [1, 10, 60, 600];
const RATE_WORDS = { 1: "as it is", 10: "an hour in 6 minutes", 60: "an hour a minute", 600: "an hour in 6 seconds" };

/** The bar. `host`: {state(), toggleDrawer(), setRate(rate), become(id), dayChanged(), countsOf(id) → Promise<number waiting>, showHints()}. */
export class Topbar {
  constructor(node, host) {
    this.host = host;
    this.menuButton = h("button", { type: "button", class: "icon-button menu-button", "aria-label": "Channels", "aria-expanded": "false", onclick: () => host.toggleDrawer() }, icon("menu"));
    this.team = h("span", { class: "team" });
    this.time = h("time", { class: "clock-time" });
    this.date = h("span", { class: "clock-date" });
    this.speed = h("button", { type: "button", class: "speed-button", "aria-haspopup": "menu", "aria-expanded": "false", onclick: () => this.speedMenu() });
    this.rates = h("div", { class: "rates", role: "radiogroup", "aria-label": "How fast time runs" });
    this.help = h("button", { type: "button", class: "icon-button help-button", "aria-label": "What to try", title: "What to try", onclick: () => host.showHints() }, icon("help"));
    this.person = h("button", { type: "button", class: "person", "aria-haspopup": "menu", "aria-expanded": "false", onclick: () => this.peopleMenu() });
    node.replaceChildren(
      this.menuButton,
      h("div", { class: "brand" }, bell(), this.team),
      h("div", { class: "clock", title: "This workspace's own clock: let it run faster to see what is due later." }, icon("clock"), this.date, this.time, this.rates, this.speed),
      this.help,
      this.person,
    );
    this.called = new Set();
    // Made once: a button that is made anew while it is pressed is not pressed.
    this.rates.replaceChildren(
      ...RATES.map((value) => h("button", { type: "button", role: "radio", title: RATE_WORDS[value], dataset: { rate: value }, onclick: () => host.setRate(value) }, `${value}×`)),
    );
    this.rates.addEventListener("keydown", (event) => this.rateKey(event));
    window.setInterval(() => this.tick(), 250);
  }

  draw() {
    const state = this.host.state();
    const me = state.users.get(state.me);
    this.called.delete(state.me);
    this.team.replaceChildren(h("strong", {}, state.team.name), h("small", {}, "local Slack"));
    this.person.setAttribute("aria-label", `You are ${me?.real_name ?? state.me}. Switch person`);
    this.person.replaceChildren(
      avatar(me), h("span", { class: "person-words" }, h("small", {}, "You are"), h("strong", {}, me?.real_name || me?.name || state.me)), icon("chevron"),
      ...(this.called.size ? [h("span", { class: "called", title: "Somebody else was called" })] : []),
    );
    this.help.hidden = !state.tour;
    this.drawRates();
    this.tick();
  }

  /** Marks that somebody else was mentioned, so that one thinks of switching. */
  call(ids) {
    for (const id of ids) this.called.add(id);
    this.draw();
  }

  drawRates() {
    const { rate } = this.host.state().clock;
    if (rate === this.drawn) return;
    this.drawn = rate;
    const hadFocus = this.rates.contains(document.activeElement);
    this.speed.replaceChildren(`${rate}×`, icon("chevron"));
    this.speed.setAttribute("aria-label", `Time runs ${rate}×. Change`);
    for (const button of this.rates.children) {
      const value = Number(button.dataset.rate);
      button.setAttribute("aria-checked", String(value === rate));
      button.tabIndex = value === rate || (!RATES.includes(rate) && value === 1) ? 0 : -1;
    }
    if (hadFocus) this.rates.querySelector("[aria-checked=true]")?.focus();
  }

  rateKey(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = RATES.indexOf(this.host.state().clock.rate);
    this.host.setRate(RATES[(at + step + RATES.length) % RATES.length]);
  }

  tick() {
    const state = this.host.state();
    if (!state) return;
    const now = new Date(state.now() * 1000);
    const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: state.clock.rate > 60 ? undefined : "2-digit", hourCycle: "h23" }).format(now);
    const date = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short" }).format(now);
    if (this.time.textContent !== time) {
      this.time.textContent = time;
      this.time.dateTime = now.toISOString();
    }
    if (this.date.textContent !== date) {
      this.date.textContent = date;
      this.host.dayChanged();
    }
  }

  speedMenu() {
    const { rate } = this.host.state().clock;
    const entries = RATES.map((value) => ({ label: `${value}×`, note: RATE_WORDS[value], checked: value === rate, run: () => this.host.setRate(value) }));
    openMenu(this.speed, entries, { label: "How fast time runs" });
  }

  peopleMenu() {
    const state = this.host.state();
    const badges = new Map();
    const entries = state.people().map((user) => {
      const badge = h("span", { class: "badge-slot" });
      badges.set(user.id, badge);
      return { label: user.real_name || user.name, note: user.title, lead: avatar(user), checked: user.id === state.me, badge, run: () => this.host.become(user.id) };
    });
    openMenu(this.person, entries, { label: "Be somebody else" });
    // What waits for the others is looked up only when somebody wants to know.
    for (const [id, badge] of badges) {
      if (id === state.me) continue;
      this.host.countsOf(id).then(
        (waiting) => waiting && badge.replaceChildren(h("span", { class: "mentions", "aria-label": `${waiting} waiting` }, String(waiting))),
        () => badge.remove(),
      );
    }
  }
}
