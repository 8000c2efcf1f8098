/**
 * What answers of Claude models cost, in US dollars per million tokens, to know while a session runs what it has spent; its result then says it
 * exactly. Anthropic's list prices of 2026; a model that is not in it is taken for one of the newest large ones.
 */

type Price = { input: number; output: number };

const prices: readonly [RegExp, Price][] = [
  [/opus-4-(0|1|2025)|opus-4$|3-opus/, { input: 15, output: 75 }],
  [/sonnet/, { input: 3, output: 15 }],
  [/haiku-4|haiku-[5-9]/, { input: 1, output: 5 }],
  [/haiku/, { input: 0.8, output: 4 }],
];
const unknown: Price = { input: 5, output: 25 };
const cacheReadShare = 0.1;
const cacheWriteShare = 1.25;

export type AnswerTokens = { input: number; output: number; cacheRead: number; cacheWrite: number };

export function answerUsd(model: string, tokens: AnswerTokens): number {
  const { input, output } = prices.find(([name]) => name.test(model))?.[1] ?? unknown;
  const read = tokens.input + tokens.cacheRead * cacheReadShare + tokens.cacheWrite * cacheWriteShare;
  return (read * input + tokens.output * output) / 1_000_000;
}
