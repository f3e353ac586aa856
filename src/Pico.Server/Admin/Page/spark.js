import { makeSvg, setAttribute } from "./dom.js";

const length = 60; // the node says figures twice a second

/** A small line of the last half minute's figures. It says nothing that a text beside it does not say. */
export class Spark {
  #values = [];
  #line = makeSvg("polyline");
  #area = makeSvg("polygon");

  constructor(kind = "") {
    this.element = makeSvg("svg", { class: `spark ${kind}`, viewBox: "0 0 100 30", preserveAspectRatio: "none", "aria-hidden": "true" }, this.#area, this.#line);
  }

  add(value) {
    this.#values.push(value);
    if (this.#values.length > length)
      this.#values.shift();
    const top = Math.max(...this.#values, 0.001);
    const from = length - this.#values.length;
    const points = this.#values.map((v, i) => `${((from + i) / (length - 1) * 100).toFixed(1)},${(29 - v / top * 27).toFixed(1)}`);
    setAttribute(this.#line, "points", points.join(" "));
    setAttribute(this.#area, "points", `${(from / (length - 1) * 100).toFixed(1)},30 ${points.join(" ")} 100,30`);
  }
}
