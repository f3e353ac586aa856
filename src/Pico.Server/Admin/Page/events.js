import { find, make } from "./dom.js";
import { clock, counted, number } from "./format.js";

const most = 200;
const names = {
  nodeJoined: "Node joined", nodeDraining: "Node drains", nodeLeft: "Node left", nodeFailed: "Node failed",
  agentConnected: "Agent connected", agentLeft: "Agent left", agentLost: "Agent lost", agentRefused: "Agent refused",
  endpointAppeared: "Endpoint appeared", endpointDisappeared: "Endpoint gone",
  upstreamEjected: "Upstream left out", upstreamRecovered: "Upstream recovered", limitReached: "Limit reached",
};
const ranks = { "": 0, info: 0, warning: 1, error: 2 };

/** What happened lately, the latest first. */
export class Events {
  #list = find("events");
  #waiting = [];

  constructor() {
    find("level").addEventListener("change", () => this.#filter());
    this.clear();
  }

  clear() {
    this.#waiting = [];
    this.#list.replaceChildren(make("li", { class: "empty", text: "Nothing has happened yet." }));
  }

  /** Events that come together are shown together, once a frame. */
  add(event) {
    if (this.#waiting.push(event) === 1)
      requestAnimationFrame(() => this.#show());
  }

  missed({ missed }) {
    this.add({ kind: "", level: "warning", subject: "", message: `${counted(missed, "event", "events")} happened that the node has forgotten.`, at: new Date().toISOString() });
  }

  #show() {
    this.#list.querySelector(".empty")?.remove();
    const items = this.#waiting.slice(-most).reverse().map(itemOf);
    this.#waiting = [];
    this.#list.prepend(...items);
    while (this.#list.childElementCount > most)
      this.#list.lastElementChild.remove();
    this.#filter();
  }

  #filter() {
    const rank = ranks[find("level").value];
    for (const item of this.#list.children)
      item.hidden = ranks[item.dataset.level ?? ""] < rank && !item.classList.contains("empty");
  }
}

function itemOf(event) {
  const at = new Date(event.at);
  const isNew = Date.now() - at < 5000;
  const more = event.suppressed ? ` (and ${number(event.suppressed)} more of the kind before)` : "";
  return make("li", { "data-level": event.level, "data-kind": event.kind, class: isNew ? "new" : null },
    make("span", { class: "mark", "aria-hidden": "true" }),
    make("span", { class: "what", text: `${names[event.kind] ?? (event.kind || "Events missed")}${event.subject ? `: ${event.subject}` : ""}` }),
    make("time", { datetime: event.at, text: clock(at), title: at.toLocaleString() }),
    make("span", { class: "message", text: event.message + more }));
}
