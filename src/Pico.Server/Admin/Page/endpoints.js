import { find, KeyedList, make, setAttribute, setText } from "./dom.js";
import { duration, milliseconds, number, rate, share } from "./format.js";
import { Pager } from "./paged.js";
import { Spark } from "./spark.js";

const pageSize = 50;
const columns = [
  { name: "Endpoint", sort: "id", direction: "ascending" },
  { name: "State", sort: "state", direction: "descending" },
  { name: "Requests/s", sort: "rate", direction: "descending", isNumber: true },
  { name: "Errors", sort: "errors", direction: "descending", isNumber: true },
  { name: "Median", isNumber: true },
  { name: "p99", sort: "latency", direction: "descending", isNumber: true },
  { name: "In flight", isNumber: true },
  { name: "Upstreams", isNumber: true },
];

/** The endpoints: a page of them, searched and sorted by the server. */
export class Endpoints {
  #sort = "state";
  #rows;
  #headers = [];
  #empty = make("p", { class: "empty", text: "Waiting for the node" });
  #pager;
  #onChange;

  constructor(onChange, onOpen) {
    this.#onChange = onChange;
    this.#pager = new Pager(onChange);
    const body = make("tbody");
    this.#rows = new KeyedList(body, (endpoint) => endpoint.id, (endpoint) => endpointRow(endpoint, onOpen));
    const table = make("table", {}, make("caption", { class: "hidden", text: "Endpoints" }),
      make("thead", {}, make("tr", {}, ...columns.map((column) => this.#header(column)))), body);
    find("endpoints").append(table, this.#empty, this.#pager.element);
    this.#showSort();
  }

  /** What the status is asked for. */
  query(search) {
    const query = { sort: this.#sort, limit: pageSize, search, state: find("state").value, protocol: find("protocol").value, continue: this.#pager.cursor };
    return query;
  }

  reset() {
    this.#pager.reset();
  }

  update(status, isFiltered) {
    const { endpoints, totals } = status;
    this.#rows.update(endpoints);
    this.#empty.hidden = endpoints.length > 0;
    setText(this.#empty, isFiltered ? "No endpoint fits." : "No endpoint yet: none of the agents has registered any.");
    this.#pager.update(endpoints.length, pageSize, totals.endpoints, status.endpointsContinue);
  }

  #header({ name, sort, isNumber }) {
    const header = make("th", { scope: "col", class: isNumber ? "number" : null });
    if (sort)
      header.append(make("button", { type: "button", text: name, click: () => this.#sortBy(sort) }));
    else
      header.append(name);
    this.#headers.push(header);
    return header;
  }

  #sortBy(sort) {
    this.#sort = sort;
    this.#pager.reset();
    this.#showSort();
    this.#onChange();
  }

  #showSort() {
    columns.forEach((column, i) => setAttribute(this.#headers[i], "aria-sort", column.sort === this.#sort ? column.direction : null));
  }
}

function endpointRow(first, onOpen) {
  const cell = (attributes, ...children) => make("td", attributes, ...children);
  const spark = new Spark();
  const name = make("button", { class: "link", type: "button", title: first.id, text: first.id, click: () => onOpen(first.id) });
  const line = make("div", { class: "line" }, make("span", { class: "dot", "aria-hidden": "true" }), name);
  const protocol = make("span", { class: "tag" });
  line.append(protocol);
  const reason = make("div", { class: "reason", hidden: "" });
  const state = make("span", { class: "tag" });
  const perSecond = make("span");
  const errors = cell({ class: "number", "data-label": "Errors" });
  const median = cell({ class: "number", "data-label": "Median" });
  const p99 = cell({ class: "number", "data-label": "p99" });
  const flight = cell({ class: "number", "data-label": "In flight" });
  const upstreams = cell({ class: "number", "data-label": "Upstreams" });
  const element = make("tr", {}, cell({ class: "name" }, line, reason), cell({ "data-label": "State" }, state),
    cell({ class: "number rate", "data-label": "Requests/s" }, make("div", { class: "both" }, spark.element, perSecond)), errors, median, p99, flight, upstreams);
  return {
    element,
    update: (endpoint) => {
      setAttribute(element, "data-state", endpoint.state);
      setAttribute(line, "data-state", endpoint.state);
      setText(protocol, endpoint.protocol);
      setText(state, endpoint.state);
      setAttribute(state, "data-state", endpoint.state);
      setText(reason, reasonOf(endpoint));
      reason.hidden = reason.textContent === "";
      setText(perSecond, rate(endpoint.requestsPerSecond));
      spark.add(endpoint.requestsPerSecond);
      setText(errors, share(endpoint.errorsPerSecond, endpoint.requestsPerSecond));
      errors.classList.toggle("bad", endpoint.errorsPerSecond > endpoint.requestsPerSecond * 0.01);
      setText(median, milliseconds(endpoint.medianMilliseconds));
      setText(p99, milliseconds(endpoint.p99Milliseconds));
      setText(flight, number(endpoint.inFlight));
      setText(upstreams, number(endpoint.upstreamCount));
      for (const figure of [errors, median, p99, flight])
        figure.classList.toggle("zero", ["0", "0 %", "–"].includes(figure.textContent));
    },
  };
}

/** Why an endpoint is not well, and since when. */
export function reasonOf(endpoint) {
  if (endpoint.state === "healthy")
    return "";
  const left = endpoint.upstreams.filter((u) => u.state !== "open").length;
  const why = endpoint.reason ?? (left ? `${number(left)} of ${number(endpoint.upstreams.length)} upstreams left out` : "");
  const since = endpoint.failingSince ? `for ${duration((Date.now() - new Date(endpoint.failingSince)) / 1000)}` : "";
  return [why, since].filter(Boolean).join(", ");
}
