/** Splits a text into lower-case words; apostrophes inside a word stay. */
export function words(text) {
  return text.toLowerCase().match(/[\p{L}\p{N}]+(?:'[\p{L}\p{N}]+)*/gu) ?? [];
}
