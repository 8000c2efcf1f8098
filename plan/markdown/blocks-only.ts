import type { Options } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";

type Syntax = NonNullable<NonNullable<Options["extensions"]>[number]>;
type Tokenizer = Extract<NonNullable<NonNullable<Syntax["text"]>["null"]>, { tokenize: unknown }>["tokenize"];

/** Inline markup is never looked at, so its constructs are off, and a heading is never underlined: a rule below a paragraph is a rule. */
const withoutInlines: Syntax = {
  disable: {
    null: [
      "attention",
      "autolink",
      "characterEscape",
      "characterReference",
      "codeText",
      "definition",
      "hardBreakEscape",
      "htmlText",
      "labelEnd",
      "labelStartImage",
      "labelStartLink",
      "literalAutolink",
      "setextUnderline",
    ],
  },
};

/** Takes a run of text in one piece. Character by character through all inline constructs would be half of the whole time. */
const takeText: Tokenizer = (effects, ok) => {
  const begin: ReturnType<Tokenizer> = (code) => {
    if (code === null) return ok(code);
    if (code < -2) {
      effects.enter("lineEnding");
      effects.consume(code);
      effects.exit("lineEnding");
      return begin;
    }
    effects.enter("data");
    return inside(code);
  };
  const inside: ReturnType<Tokenizer> = (code) => {
    if (code === null || code < -2) {
      effects.exit("data");
      return begin(code);
    }
    effects.consume(code);
    return inside;
  };
  return begin;
};

/** CommonMark and GFM with blocks only. Built once: putting the extensions together costs as much as reading a short section. */
export const blocksOnly: Options = {
  extensions: [gfm(), withoutInlines, { text: { null: { name: "plainText", tokenize: takeText } } }],
  mdastExtensions: [gfmFromMarkdown()],
};
