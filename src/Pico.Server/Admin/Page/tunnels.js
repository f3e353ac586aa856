import { find, KeyedList, make, setAttribute, setText } from "./dom.js";
import { bytes, duration, milliseconds, number } from "./format.js";
import { Pager } from "./paged.js";

const pageSize = 50;
const columns = [["Agent"], ["State"], ["Zone"], ["Round trip", true], ["Streams", true], ["In", true], ["Out", true], ["Endpoints", true], ["Age", true], ["Token"]];

/** The tunnels that end at the node, a page of them. */
export class Tunnels {
  #rows;
  #empty = make("p", { class: "empty", text: "Waiting for the node" });
  #pager;

  constructor(onChange) {
    this.#pager = new Pager(onChange);
    const body = make("tbody");
    this.#rows = new KeyedList(body, (tunnel) => tunnel.number, tunnelRow);
    find("tunnels").append(
      make("table", {}, make("caption", { class: "hidden", text: "Tunnels" }),
        make("thead", {}, make("tr", {}, ...columns.map(([name, isNumber]) => make("th", { scope: "col", class: isNumber ? "number" : null, text: name })))), body),
      this.#empty, this.#pager.element);
  }

  query(search) {
    return { limit: pageSize, search, continue: this.#pager.cursor };
  }

  reset() {
    this.#pager.reset();
  }

  update(page, isFiltered) {
    this.#rows.update(page.items);
    this.#empty.hidden = page.items.length > 0;
    setText(this.#empty, isFiltered ? "No tunnel fits." : "No agent has a tunnel to this node.");
    this.#pager.update(page.items.length, pageSize, page.total, page.continue);
  }
}

function tunnelRow(first) {
  const state = make("span", { class: "tag" });
  const cells = Object.fromEntries(columns.slice(2).map(([name, isNumber]) => [name, make("td", { class: isNumber ? "number" : null, "data-label": name })]));
  const line = make("div", { class: "line" }, make("span", { class: "dot", "aria-hidden": "true" }), make("span", { class: "mono", text: first.agentName || first.agentId }));
  const element = make("tr", {}, make("td", { class: "name", title: `${first.agentId} ${first.software}` }, line, make("div", { class: "reason mono", text: first.address })),
    make("td", { "data-label": "State" }, state), ...Object.values(cells));
  return {
    element,
    update: (tunnel) => {
      setAttribute(line, "data-state", tunnel.state);
      setText(state, tunnel.state);
      setAttribute(state, "data-state", tunnel.state);
      setText(cells.Zone, tunnel.zone || "–");
      setText(cells["Round trip"], milliseconds(tunnel.roundTripMilliseconds));
      setText(cells.Streams, number(tunnel.streams));
      setText(cells.In, bytes(tunnel.bytesReceived));
      setText(cells.Out, bytes(tunnel.bytesSent));
      setText(cells.Endpoints, number(tunnel.endpointCount));
      setAttribute(cells.Endpoints, "title", tunnel.endpoints.slice(0, 20).join(", ") || null);
      setText(cells.Age, duration(tunnel.ageSeconds));
      setText(cells.Token, tunnel.tokenExpiresAt ? `expires in ${duration((new Date(tunnel.tokenExpiresAt) - Date.now()) / 1000)}` : tunnel.tokenSubject || "–");
    },
  };
}
