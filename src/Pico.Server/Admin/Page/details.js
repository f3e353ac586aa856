import { find, make, setText } from "./dom.js";
import { milliseconds, number, rate, share } from "./format.js";
import { reasonOf } from "./endpoints.js";
import { follow } from "./live.js";

const mostRows = 200;

/** One endpoint, with its upstreams, in a dialog; it is followed while the dialog is open. */
export class Details {
  #dialog = find("details");
  #body = find("details-body");
  #end = () => {};

  constructor() {
    find("details-close").addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("close", () => this.#end());
  }

  open(id, path) {
    setText(find("details-title"), id);
    this.#body.replaceChildren(make("p", { class: "empty", text: "Asking the node" }));
    this.#dialog.showModal();
    this.#end = follow(path, {
      message: (name, data) => (name === "status" ? this.#show(data) : this.#fail(data.detail)),
      problem: (problem) => this.#fail(problem.message),
    });
  }

  #fail(why) {
    this.#body.replaceChildren(make("p", { class: "empty", text: why }));
  }

  #show(endpoint) {
    const figures = [
      ["State", endpoint.state], ["Protocol", endpoint.protocol], ["Requests/s", rate(endpoint.requestsPerSecond)],
      ["Errors", share(endpoint.errorsPerSecond, endpoint.requestsPerSecond)], ["Median", milliseconds(endpoint.medianMilliseconds)],
      ["p99", milliseconds(endpoint.p99Milliseconds)], ["In flight", number(endpoint.inFlight)],
    ];
    const reason = reasonOf(endpoint);
    if (reason)
      figures.push(["Why", reason]);
    const rows = endpoint.upstreams.slice(0, mostRows).map((u) => make("tr", {},
      make("td", { class: "wrap", "data-label": "Where" }, u.description), make("td", { class: "mono", "data-label": "Node" }, u.nodeId),
      make("td", { "data-label": "State" }, make("span", { class: "tag", "data-state": u.state, text: u.state })),
      make("td", { class: "number", "data-label": "Count", text: number(u.count) }), make("td", { class: "number", "data-label": "In flight", text: number(u.outstanding) })));
    this.#body.replaceChildren(
      make("dl", { class: "figures" }, ...figures.map(([name, value]) => make("div", { class: name === "Why" ? "wide" : null }, make("dt", { text: name }), make("dd", { text: value })))),
      make("table", {}, make("caption", { class: "hidden", text: "Upstreams" }),
        make("thead", {}, make("tr", {}, ...["Upstream", "Node", "State"].map((text) => make("th", { scope: "col", text })),
          ...["Count", "In flight"].map((text) => make("th", { scope: "col", class: "number", text })))),
        make("tbody", {}, ...rows)));
  }
}
