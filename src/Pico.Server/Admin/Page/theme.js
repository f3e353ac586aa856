import { find } from "./dom.js";

const name = "pico.theme";
const prefersDark = matchMedia("(prefers-color-scheme: dark)");

function show() {
  document.documentElement.dataset.theme = localStorage.getItem(name) ?? (prefersDark.matches ? "dark" : "light");
}

/** Light or dark: as the system has it, until somebody says otherwise. */
export function startTheme() {
  show();
  prefersDark.addEventListener("change", show);
  find("theme").addEventListener("click", () => {
    localStorage.setItem(name, document.documentElement.dataset.theme === "dark" ? "light" : "dark");
    show();
  });
}
