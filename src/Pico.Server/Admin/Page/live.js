// The Admin API as streams. Not by EventSource: that cannot send a token.

const tokenName = "pico.token";
const silence = 40_000; // the node says something every 15 s

export const token = {
  get: () => sessionStorage.getItem(tokenName),
  set: (value) => sessionStorage.setItem(tokenName, value),
  forget: () => sessionStorage.removeItem(tokenName),
};

/** A problem (RFC 9457) that the node answered with. */
export class Problem extends Error {
  constructor(status, code, detail) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/** Gets JSON. Throws Problem. */
export async function get(path, signal) {
  return (await request(path, "application/json", signal)).json();
}

/**
 * Follows a path until the function that it gives is called: `handlers.message(name, data)` for each message, `handlers.connection("live" | "lost")`,
 * `handlers.problem(problem)` for what the node refuses. It connects again, for ever, after a growing, random pause, unless the request itself is wrong.
 */
export function follow(path, handlers) {
  const end = new AbortController();
  run(path, handlers, end.signal);
  return () => end.abort();
}

async function run(path, handlers, ended) {
  let lastId = "";
  for (let failures = 0; !ended.aborted; failures++) {
    const attempt = new AbortController();
    const stop = () => attempt.abort();
    ended.addEventListener("abort", stop);
    let watch = setTimeout(stop, silence);
    try {
      const response = await request(path, "text/event-stream", attempt.signal, lastId);
      handlers.connection?.("live");
      for await (const message of read(response.body)) {
        clearTimeout(watch);
        watch = setTimeout(stop, silence);
        failures = 0;
        lastId = message.id || lastId;
        if (message.data && !ended.aborted)
          handlers.message(message.name, JSON.parse(message.data));
      }
    } catch (error) {
      if (ended.aborted)
        return;
      if (error instanceof Problem) {
        handlers.problem?.(error);
        if (error.status < 500)
          return;
      }
    } finally {
      clearTimeout(watch);
      ended.removeEventListener("abort", stop);
    }

    if (ended.aborted)
      return;
    handlers.connection?.("lost");
    await pause(Math.min(500 * 2 ** Math.min(failures, 5), 10_000) * (0.5 + Math.random() / 2), ended);
  }
}

async function request(path, accept, signal, lastId = "") {
  const headers = { accept };
  if (token.get())
    headers.authorization = `Bearer ${token.get()}`;
  if (lastId)
    headers["last-event-id"] = lastId;
  const response = await fetch(path, { headers, signal, cache: "no-store", credentials: "same-origin" });
  if (response.ok)
    return response;
  const problem = await response.json().catch(() => ({}));
  throw new Problem(response.status, problem.code ?? "", problem.detail ?? `The node answered ${response.status}.`);
}

/** The messages of a stream (HTML Living Standard, section 9.2.6); comments are messages without data. */
async function* read(body) {
  let rest = "";
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  while (true) {
    const { value, done } = await reader.read();
    if (done)
      return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const message = { name: "message", id: "", data: "" };
      for (const line of block.split("\n")) {
        const colon = line.indexOf(": ");
        const field = line.slice(0, colon);
        if (field === "event")
          message.name = line.slice(colon + 2);
        else if (field === "id")
          message.id = line.slice(colon + 2);
        else if (field === "data")
          message.data += line.slice(colon + 2);
      }

      yield message;
    }
  }
}

function pause(milliseconds, ended) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    ended.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
  });
}
