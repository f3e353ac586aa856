import { make, setText } from "./dom.js";
import { number } from "./format.js";

/** The buttons below a list, and where it is: the cursors of the pages before are kept here, the server keeps nothing. */
export class Pager {
  #cursors = [];
  #next = null;
  #onTurn;
  #text = make("span");
  #back = make("button", { class: "button", type: "button", text: "Back", click: () => this.#turn(() => this.#cursors.pop()) });
  #forth = make("button", { class: "button", type: "button", text: "Next", click: () => this.#turn(() => this.#cursors.push(this.#next)) });

  constructor(onTurn) {
    this.#onTurn = onTurn;
    this.element = make("nav", { class: "pager", "aria-label": "Pages", hidden: "" }, this.#text, make("div", {}, this.#back, this.#forth));
  }

  /** The cursor of this page; empty on the first. */
  get cursor() {
    return this.#cursors.at(-1) ?? "";
  }

  reset() {
    this.#cursors = [];
  }

  update(shown, pageSize, total, next) {
    this.#next = next;
    this.element.hidden = !next && this.#cursors.length === 0;
    const from = this.#cursors.length * pageSize;
    setText(this.#text, shown === 0 ? "Nothing more" : `${number(from + 1)} to ${number(from + shown)}, of ${number(total)} in all`);
    this.#back.disabled = this.#cursors.length === 0;
    this.#forth.disabled = !next;
  }

  // Until the page is there nobody turns again: where the next one begins is not known yet.
  #turn(move) {
    move();
    this.#back.disabled = true;
    this.#forth.disabled = true;
    this.#onTurn();
  }
}
