import { find, KeyedList, make, makeSvg, setAttribute, setText } from "./dom.js";
import { counted, duration, number } from "./format.js";

const mostOnMap = 40;
const mostLabels = 8; // beyond that they would lie upon each other

/** The nodes, by zone, and a map of the links from the one that is asked. */
export class Cluster {
  #zones = new KeyedList(find("zones"), (zone) => zone.name, (zone) => zoneRow(zone));
  #shape = "";

  update(status) {
    const { nodes } = status;
    const most = Math.max(1, ...nodes.map((n) => n.tunnels));
    const byZone = new Map();
    for (const node of nodes)
      byZone.set(node.zone, [...(byZone.get(node.zone) ?? []), { ...node, most, at: status.at }]);
    const zones = [...byZone].map(([name, all]) => ({ name, nodes: all })).sort((a, b) => a.name.localeCompare(b.name));
    this.#zones.update(zones);
    const links = nodes.filter((n) => n.link === "down" && n.state !== "left" && n.state !== "failed").length;
    setText(find("cluster-summary"), nodes.length === 1 && !status.gossip
      ? "One node, without a cluster"
      : `${counted(nodes.length, "node", "nodes")} in ${counted(zones.length, "zone", "zones")}${links ? `, ${counted(links, "link down", "links down")}` : ""}`);
    this.#draw(nodes);
  }

  // Drawn again only when the nodes or their links are others: with every second it would flicker in the reader of a screen.
  #draw(nodes) {
    const shape = nodes.map((n) => `${n.id}/${n.state}/${n.link}`).join();
    if (shape === this.#shape)
      return;
    this.#shape = shape;
    const map = find("map");
    map.replaceChildren();
    if (nodes.length < 2 || nodes.length > mostOnMap)
      return;
    const others = nodes.slice(1);
    const places = others.map((_, i) => {
      const angle = (others.length === 2 ? Math.PI : -Math.PI / 2) + i / others.length * 2 * Math.PI;
      return [110 + 76 * Math.cos(angle), 68 + 50 * Math.sin(angle)];
    });
    const label = `${nodes[0].id} and ${others.map((n) => `${n.id} (${n.state}, link ${n.link})`).join(", ")}`;
    map.append(makeSvg("svg", { viewBox: "0 0 220 150", role: "img", "aria-label": `Links from ${label}` },
      ...others.map((n, i) => makeSvg("line", { class: n.link, x1: 110, y1: 68, x2: places[i][0], y2: places[i][1] })),
      ...others.map((n, i) => makeSvg("circle", { class: n.state, cx: places[i][0], cy: places[i][1], r: 8 }, titleOf(n))),
      makeSvg("circle", { class: `${nodes[0].state} self`, cx: 110, cy: 68, r: 11 }, titleOf(nodes[0])),
      ...(others.length > mostLabels ? [] : [[nodes[0], [110, 71]], ...others.map((n, i) => [n, places[i]])].map(([n, [x, y]]) => labelOf(n, x, y + 22)))));
  }
}

function titleOf(node) {
  const title = makeSvg("title");
  title.textContent = `${node.id}: ${node.state}`;
  return title;
}

function labelOf(node, x, y) {
  const label = makeSvg("text", { x, y });
  label.textContent = node.id.length <= 14 ? node.id : `…${node.id.slice(-13)}`;
  return label;
}

function zoneRow(first) {
  const list = make("ul");
  const title = make("h3");
  const element = make("div", { class: "zone" }, title, list);
  const nodes = new KeyedList(list, (node) => `${node.id} ${node.startedAt}`, nodeRow);
  return {
    element,
    update: (zone) => {
      setText(title, zone.name ? `Zone ${zone.name}` : first.name ? first.name : "No zone");
      nodes.update(zone.nodes);
    },
  };
}

function nodeRow() {
  const id = make("span", { class: "id mono" });
  const tag = make("span", { class: "tag" });
  const facts = make("p", { class: "facts" });
  const more = make("p", { class: "facts" });
  const meter = make("meter", { min: 0, "aria-label": "Tunnels" });
  const element = make("li", { class: "node" }, make("div", { class: "top" }, make("span", { class: "dot", "aria-hidden": "true" }), id, tag), facts, more, meter);
  const top = element.firstElementChild;
  return {
    element,
    update: (node) => {
      const isSelf = node.link === "self";
      setText(id, node.id);
      setAttribute(id, "title", `${node.id} ${node.software} ${node.address}`.trim());
      setText(tag, node.state);
      setAttribute(tag, "data-state", node.state);
      setAttribute(top, "data-state", node.state);
      setText(facts, `${counted(node.tunnels, "tunnel", "tunnels")} · ${counted(node.endpoints, "endpoint", "endpoints")}`);
      const age = node.startedAt ? `up ${duration((new Date(node.at) - new Date(node.startedAt)) / 1000)}` : "";
      const link = isSelf ? "shown here" : node.link === "none" ? "link not needed yet" : `link ${node.link}`;
      setText(more, [link, age].filter(Boolean).join(" · "));
      element.classList.toggle("self", isSelf);
      meter.max = node.most;
      meter.value = node.tunnels;
      setAttribute(meter, "title", `${number(node.tunnels)} of ${number(node.most)}`);
    },
  };
}
