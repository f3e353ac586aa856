// Figures for people.

const units = ["B", "KB", "MB", "GB", "TB", "PB"];

export const number = (value) => Math.round(value).toLocaleString("en");

/** So many a second: small ones with a decimal. */
export const rate = (value) => value === 0 ? "0" : value < 0.1 ? "<0.1" : value < 10 ? value.toFixed(1) : number(value);

/** A share of a whole, in per cent. */
export function share(part, whole) {
  if (part === 0 || whole === 0)
    return "0 %";
  const percent = Math.min(100, part / whole * 100);
  return percent < 0.1 ? "<0.1 %" : `${percent < 10 ? percent.toFixed(1) : percent.toFixed(0)} %`;
}

export function milliseconds(value) {
  if (value === null || value === undefined)
    return "–";
  return value >= 1000 ? `${(value / 1000).toFixed(value >= 10000 ? 0 : 1)} s` : `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;
}

export function bytes(value) {
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit++)
    value /= 1000;
  return `${value < 10 && unit > 0 ? value.toFixed(1) : value.toFixed(0)} ${units[unit]}`;
}

export function duration(seconds) {
  if (seconds < 60)
    return `${Math.max(0, Math.floor(seconds))} s`;
  if (seconds < 3600)
    return `${Math.floor(seconds / 60)} min`;
  return seconds < 172800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86400)} d`;
}

export const clock = (date) => date.toLocaleTimeString("en", { hour12: false });

export const counted = (count, one, many) => `${number(count)} ${count === 1 ? one : many}`;
