// Elements without markup: what comes from outside is always text.

const svgNamespace = "http://www.w3.org/2000/svg";

/** Makes an element: its attributes (a function is a listener, `text` its text) and children. */
export function make(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** Makes an SVG element. */
export function makeSvg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(svgNamespace, name), attributes, children);
}

/** The element with an ID. */
export const find = (id) => document.getElementById(id);

/** Sets a text, if it is another one: what does not change costs no layout. */
export function setText(element, text) {
  if (element.textContent !== text)
    element.textContent = text;
}

/** Sets an attribute, if it is another one; null removes it. */
export function setAttribute(element, name, value) {
  if (value === null)
    element.removeAttribute(name);
  else if (element.getAttribute(name) !== value)
    element.setAttribute(name, value);
}

/**
 * Keeps the children of an element in step with a list: one row for each item, found again by its key. A row is `{ element, update(item) }`; rows stay where they are
 * while the order does, so that focus and selection do too.
 */
export class KeyedList {
  #parent;
  #keyOf;
  #makeRow;
  #rows = new Map();

  constructor(parent, keyOf, makeRow) {
    this.#parent = parent;
    this.#keyOf = keyOf;
    this.#makeRow = makeRow;
  }

  update(items) {
    const rows = new Map();
    let next = this.#parent.firstElementChild;
    for (const item of items) {
      const key = this.#keyOf(item);
      const row = this.#rows.get(key) ?? this.#makeRow(item);
      row.update(item);
      rows.set(key, row);
      this.#rows.delete(key);
      if (row.element === next)
        next = next.nextElementSibling;
      else
        this.#parent.insertBefore(row.element, next);
    }

    for (const row of this.#rows.values())
      row.element.remove();
    this.#rows = rows;
  }
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function")
      element.addEventListener(name, value);
    else if (name === "text")
      element.textContent = value;
    else if (value !== null && value !== undefined)
      element.setAttribute(name, value);
  }

  element.append(...children);
  return element;
}
