import { words } from "./words.js";

/** How often each word occurs. */
export function count(text) {
  const counts = new Map();
  for (const word of words(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** The most frequent words, ties in alphabetical order. */
export function top(counts, limit) {
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).slice(0, limit);
}
