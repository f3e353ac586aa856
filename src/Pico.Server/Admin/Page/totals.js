import { find, make, setAttribute, setText } from "./dom.js";
import { counted, number, rate, share } from "./format.js";
import { Spark } from "./spark.js";

/** The figures at the top. */
export class Totals {
  #boxes = {};

  constructor() {
    const parent = find("totals");
    for (const [key, name, spark] of [
      ["rate", "Requests per second", ""], ["errors", "Errors", "bad"], ["endpoints", "Endpoints", null],
      ["flight", "In flight", ""], ["tunnels", "Tunnels here", null], ["nodes", "Nodes", null]]) {
      const box = { value: make("span", { class: "value", text: "–" }), note: make("span", { class: "note" }), spark: spark === null ? null : new Spark(spark) };
      box.element = make("div", { class: "total" }, make("span", { class: "name", text: name }), box.value, ...(box.spark ? [box.spark.element] : []), box.note);
      parent.append(box.element);
      this.#boxes[key] = box;
    }
  }

  update(status) {
    const { totals, nodes } = status;
    this.#set("rate", rate(totals.requestsPerSecond), `${counted(totals.clientConnections, "client connection", "client connections")}`, totals.requestsPerSecond);
    this.#set("errors", share(totals.errorsPerSecond, totals.requestsPerSecond), `${rate(totals.errorsPerSecond)} per second`, totals.errorsPerSecond,
      totals.errorsPerSecond > totals.requestsPerSecond * 0.01 ? "bad" : "");
    const failing = totals.endpointsFailing;
    const notes = [failing && `${number(failing)} failing`, totals.endpointsDegraded && `${number(totals.endpointsDegraded)} degraded`].filter(Boolean);
    this.#set("endpoints", number(totals.endpoints), notes.join(", ") || "all healthy", null, failing ? "bad" : totals.endpointsDegraded ? "warn" : "");
    this.#set("flight", number(totals.requestsInFlight), "", totals.requestsInFlight);
    this.#set("tunnels", number(totals.tunnels), nodes.length > 1 ? `${number(nodes.reduce((sum, n) => sum + n.tunnels, 0))} in the cluster` : "");
    const unready = nodes.filter((n) => n.state !== "ready");
    this.#set("nodes", number(totals.nodes), unready.length === 0 ? "all ready" : unready.map((n) => `${n.id} ${n.state}`).join(", "), null,
      unready.some((n) => n.state === "failed") ? "bad" : unready.length ? "warn" : "");
  }

  #set(key, value, note, figure = null, level = "") {
    const box = this.#boxes[key];
    setText(box.value, value);
    setText(box.note, note);
    setAttribute(box.element, "data-level", level || null);
    if (figure !== null)
      box.spark.add(figure);
  }
}
