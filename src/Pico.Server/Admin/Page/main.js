// The page: what it follows, and who shows it.
//
//   /status  ─▶ totals, cluster, endpoints     (again when search, filter, sort or page change)
//   /status/tunnels ─▶ tunnels                 (while they are shown)
//   /events  ─▶ events

import { Cluster } from "./cluster.js";
import { Details } from "./details.js";
import { find, setAttribute, setText } from "./dom.js";
import { Endpoints } from "./endpoints.js";
import { Events } from "./events.js";
import { counted, number } from "./format.js";
import { follow, token } from "./live.js";
import { startTheme } from "./theme.js";
import { Totals } from "./totals.js";
import { Tunnels } from "./tunnels.js";

const patience = 250; // after the last key of a search

startTheme();
const totals = new Totals();
const cluster = new Cluster();
const details = new Details();
const endpoints = new Endpoints(followStatus, (id) => details.open(id, pathOf(`status/endpoints/${encodeURIComponent(id)}`, {})));
const tunnels = new Tunnels(followTunnels);
const events = new Events();

let node = "";
let self = "";
let tab = "endpoints";
let failing = 0;
let endStatus = () => {};
let endTunnels = () => {};
let endEvents = () => {};

const search = () => find("search").value.trim();

function pathOf(path, query) {
  const parameters = new URLSearchParams(Object.entries({ ...query, node }).filter(([, value]) => value !== "" && value !== null));
  return parameters.size ? `${path}?${parameters}` : path;
}

function followStatus() {
  endStatus();
  const query = endpoints.query(search());
  const isFiltered = Boolean(query.search || query.state || query.protocol);
  endStatus = follow(pathOf("status", query), {
    message: (name, data) => (name === "status" ? showStatus(data, isFiltered) : showProblem(data.detail)),
    connection: showConnection,
    problem: refuse,
  });
}

function followTunnels() {
  endTunnels();
  endTunnels = () => {};
  if (tab !== "tunnels")
    return;
  const isFiltered = search() !== "";
  endTunnels = follow(pathOf("status/tunnels", tunnels.query(search())), {
    message: (name, data) => name === "status" && tunnels.update(data, isFiltered),
    problem: refuse,
  });
}

function followEvents() {
  endEvents();
  events.clear();
  endEvents = follow(pathOf("events", {}), {
    message: (name, data) => (name === "event" ? events.add(data) : name === "missed" && events.missed(data)),
    problem: refuse,
  });
}

function followAll() {
  endpoints.reset();
  tunnels.reset();
  followStatus();
  followTunnels();
  followEvents();
}

function showStatus(status, isFiltered) {
  showProblem("");
  self ||= node ? "" : status.node;
  totals.update(status);
  cluster.update(status);
  endpoints.update(status, isFiltered);
  setText(find("endpoint-count"), number(status.totals.endpoints));
  setText(find("tunnel-count"), number(status.totals.tunnels));
  showNodes(status);
  document.title = `${status.totals.endpointsFailing ? `(${status.totals.endpointsFailing}) ` : ""}Pico ${status.node}`;
  if (status.totals.endpointsFailing !== failing)
    announce(status.totals.endpointsFailing ? `${counted(status.totals.endpointsFailing, "endpoint fails", "endpoints fail")}` : "No endpoint fails any more");
  failing = status.totals.endpointsFailing;
}

function showNodes(status) {
  const select = find("node");
  const ids = [...new Set([self, node, ...status.nodes.filter((n) => n.state !== "left" && n.state !== "failed").map((n) => n.id)])].filter(Boolean).sort();
  if (ids.join() !== [...select.options].map((o) => o.value).join())
    select.replaceChildren(...ids.map((id) => new Option(id, id)));
  select.value = node || self || status.node;
}

function showConnection(state) {
  setAttribute(find("connection"), "data-state", state);
  setText(find("connection-text"), state === "live" ? "Live" : "Connection lost, trying again");
  if (state === "live")
    find("sign-out").hidden = !token.get();
}

function showProblem(text) {
  setText(find("problem"), text);
  find("problem").hidden = text === "";
}

function announce(text) {
  setText(find("announcer"), text);
}

function refuse(problem) {
  if (problem.status !== 401) {
    showProblem(problem.message);
    return;
  }

  for (const end of [endStatus, endTunnels, endEvents])
    end();
  setAttribute(find("connection"), "data-state", "wait");
  setText(find("connection-text"), "Not signed in");
  setText(find("sign-in-reason"), token.get() ? problem.message : "Make one with pico token mint, by a key of admin.auth.");
  if (!find("sign-in").open)
    find("sign-in").showModal();
}

function showTab(name) {
  tab = name;
  for (const each of ["endpoints", "tunnels"]) {
    setAttribute(find(`tab-${each}`), "aria-selected", String(each === name));
    find(`tab-${each}`).tabIndex = each === name ? 0 : -1;
    find(each).hidden = each !== name;
  }

  find("endpoint-filters").hidden = name !== "endpoints";
  followTunnels();
}

let typing = 0;
find("search").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => {
    endpoints.reset();
    tunnels.reset();
    followStatus();
    followTunnels();
  }, patience);
});
for (const id of ["state", "protocol"]) {
  find(id).addEventListener("change", () => {
    endpoints.reset();
    followStatus();
  });
}

for (const name of ["endpoints", "tunnels"]) {
  find(`tab-${name}`).addEventListener("click", () => showTab(name));
  find(`tab-${name}`).addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight")
      return;
    showTab(tab === "endpoints" ? "tunnels" : "endpoints");
    find(`tab-${tab}`).focus();
  });
}

find("node").addEventListener("change", () => {
  node = find("node").value === self ? "" : find("node").value;
  followAll();
});
find("sign-in").addEventListener("cancel", (event) => event.preventDefault());
find("sign-in-form").addEventListener("submit", () => {
  token.set(find("token").value.trim());
  find("token").value = "";
  followAll();
});
find("sign-out").addEventListener("click", () => {
  token.forget();
  find("sign-out").hidden = true;
  followAll();
});

followAll();
