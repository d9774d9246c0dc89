// Talking to the playground server: the page protocol, and what its errors mean in words.

const SENTENCES = {
  operation_timeout: "The app did not answer within 3 seconds. It may still be working on it – look before you try again.",
  dispatch_failed: "The app is not connected, so nothing was sent. Try again once it is back.",
  http_service_error: "The app answered with an error. Nothing is known to have happened.",
  trigger_expired: "That took too long to open. Try again.",
  expired_trigger_id: "That took too long to open. Try again.",
  not_in_channel: "You are not in this channel. Join it first.",
  is_archived: "This channel is archived, so nothing can be added to it.",
  channel_not_found: "That channel does not exist, or you may not see it.",
  message_not_found: "That message is gone.",
  cant_update_message: "Only your own messages can be edited.",
  cant_delete_message: "Only your own messages can be deleted.",
  already_reacted: "You have already reacted with that.",
  no_reaction: "That reaction is no longer there.",
  msg_too_long: "That message is too long: 40,000 characters is the most.",
  no_text: "There is nothing to send.",
  unknown_command: "There is no such command here.",
  view_not_found: "That form is no longer open.",
  ratelimited: "Too many at once. Wait a moment and try again.",
};

/** An error of the server, with a sentence for the person who asked. */
export class ServerError extends Error {
  constructor(code, message) {
    super(SENTENCES[code] ?? message ?? `That did not work (${code}).`);
    this.code = code;
    this.said = message ?? null;
  }
}

async function read(path, query = {}) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") parameters.set(name, value);
  }
  return answerOf(fetch(`${path}?${parameters}`, { headers: { accept: "application/json" }, cache: "no-store" }));
}

async function answerOf(request) {
  let response;
  try {
    response = await request;
  } catch {
    throw new ServerError("offline", "The playground does not answer. Is it still running?");
  }
  let data = null;
  try {
    data = await response.json();
  } catch {
    throw new ServerError(`http_${response.status}`, `The playground answered with status ${response.status}.`);
  }
  if (!response.ok || data.ok === false) throw new ServerError(data.error ?? `http_${response.status}`, data.message);
  return data;
}

export const bootstrap = (user) => read("/page/bootstrap", { user });
export const fetchMessages = (user, channel, before) => read("/page/messages", { user, channel, before, limit: 50 });
export const fetchReplies = (user, channel, ts) => read("/page/replies", { user, channel, ts });
export const fetchHome = (user) => read("/page/home", { user });
export const fetchCanvas = (user, id) => read("/page/canvas", { user, id });

/** Does one thing as a person. Throws ServerError. */
export function act(user, action, fields = {}) {
  return answerOf(
    fetch("/page/act", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ user, action, ...fields }),
    }),
  );
}

/** Follows what happens, reconnecting for ever; `onStatus(true|false)` tells whether the line is up. Returns a stop function. */
export function follow(user, onEvent, onStatus) {
  let socket = null;
  let stopped = false;
  let pause = 250;
  const connect = () => {
    const scheme = window.location.protocol === "https:" ? "wss" : "ws";
    socket = new WebSocket(`${scheme}://${window.location.host}/page/events?user=${encodeURIComponent(user)}`);
    socket.addEventListener("open", () => {
      pause = 250;
      onStatus(true);
    });
    socket.addEventListener("message", (event) => {
      if (!stopped) onEvent(JSON.parse(event.data));
    });
    socket.addEventListener("close", () => {
      if (stopped) return;
      onStatus(false);
      window.setTimeout(connect, pause);
      pause = Math.min(pause * 2, 4000);
    });
  };
  connect();
  return () => {
    stopped = true;
    socket.close();
  };
}
