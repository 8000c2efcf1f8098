/**
 * Markdown as plans use it: sections that hold paragraphs, lists, tables and fences, each with its lines. Blocks come from a CommonMark and
 * GFM parser; inline markup stays raw, because ids, paths and commands must not lose an underscore or an asterisk.
 */
export type Line = { text: string; line: number };

/** One list item. `box` is what stands between the brackets; `starred` is the optional mark right after them. */
export type Item = {
  text: string;
  box?: string;
  starred: boolean;
  number?: number;
  continuation: Line[];
  line: number;
  endLine: number;
  indent: number;
  blocks: Block[];
};

export type Paragraph = { kind: "paragraph"; lines: Line[]; line: number; endLine: number };
export type List = { kind: "list"; ordered: boolean; items: Item[]; line: number; endLine: number };
export type Row = { cells: string[]; line: number };
export type Table = { kind: "table"; header: string[]; rows: Row[]; line: number; endLine: number };
export type Fence = { kind: "fence"; lang: string; text: string; line: number; endLine: number; closed: boolean };
export type Html = { kind: "html"; text: string; line: number; endLine: number };
export type Quote = { kind: "quote"; blocks: Block[]; line: number; endLine: number };
export type Block = Paragraph | List | Table | Fence | Html | Quote;

/** A heading with everything up to the next heading of its level. The root has level 0 and no title. */
export type Section = {
  level: number;
  title: string;
  line: number;
  endLine: number;
  blocks: Block[];
  children: Section[];
  parent?: Section;
};

/** All sections below and including one, in the order of the file. */
export function* sectionsOf(section: Section): Generator<Section> {
  yield section;
  for (const child of section.children) yield* sectionsOf(child);
}

/** The sections above one, nearest first, without the root. */
export function* ancestorsOf(section: Section): Generator<Section> {
  for (let above = section.parent; above && above.level > 0; above = above.parent) yield above;
}

/** All items of the lists among some blocks, parents before their children. */
export function* itemsOf(blocks: Block[]): Generator<Item> {
  for (const block of blocks) {
    if (block.kind === "list") {
      for (const item of block.items) {
        yield item;
        yield* itemsOf(item.blocks);
      }
    } else if (block.kind === "quote") {
      yield* itemsOf(block.blocks);
    }
  }
}

/** All blocks of one kind among some blocks, those inside items and quotes too. */
export function* blocksOf<K extends Block["kind"]>(blocks: Block[], kind: K): Generator<Extract<Block, { kind: K }>> {
  for (const block of blocks) {
    if (block.kind === kind) yield block as Extract<Block, { kind: K }>;
    if (block.kind === "list") for (const item of block.items) yield* blocksOf(item.blocks, kind);
    if (block.kind === "quote") yield* blocksOf(block.blocks, kind);
  }
}

/** Text without emphasis, links and code marks, for titles and comparisons. */
export function plain(text: string): string {
  return text
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/(\*\*|__)(?=\S)(.*?\S)\1/g, "$2")
    .replace(/(^|\s)[*_](?=\S)([^*_]+?)[*_](?=\s|$|[.,:;])/g, "$1$2")
    .replace(/\\([*_[\]()])/g, "$1")
    .replace(/\s+/g, " ")
    .trim();
}

/** Drops pictographs, arrows and their joiners from the start of a text. */
export function withoutLeadingSigns(text: string): string {
  return text.replace(/^(?:[\p{Extended_Pictographic}\u{fe0f}\u{200d}\u{1f3fb}-\u{1f3ff}✓✔✗✘►→•]\s*)+/u, "");
}
