import type { Outline } from "../markdown/read-outline.ts";
import { readOutline } from "../markdown/read-outline.ts";
import type { SourceText } from "../source-text.ts";
import { type FrontMatter, readJson, readYaml, splitFrontMatter } from "../structured-text.ts";

/** One file on its way to a reader. The outline, the data and the front matter are read when first asked for. */
export class Source {
  readonly text: SourceText;
  readonly lenient: boolean;
  /** Values for the holes of a template. */
  readonly parameters: Record<string, string>;
  #outline: Outline | undefined;
  #front: FrontMatter | undefined;
  #json: { value: unknown } | undefined;

  constructor(text: SourceText, options: { lenient?: boolean; parameters?: Record<string, string> } = {}) {
    this.text = text;
    this.lenient = options.lenient ?? false;
    this.parameters = options.parameters ?? {};
  }

  get file(): string {
    return this.text.file;
  }

  /** The last part of the path. */
  get name(): string {
    return this.file.split(/[/\\]/).at(-1) ?? "";
  }

  get extension(): string {
    return /\.([A-Za-z0-9]+)$/.exec(this.name)?.[1]?.toLowerCase() ?? "";
  }

  get outline(): Outline {
    this.#outline ??= readOutline(this.frontMatter.body, this.file);
    return this.#outline;
  }

  /** The outline, if the format needed it. */
  get outlineIfRead(): Outline | undefined {
    return this.#outline;
  }

  /** The front matter, if the format needed it. */
  get frontMatterIfRead(): FrontMatter | undefined {
    return this.#front;
  }

  /** Front matter as data, and the text with the same count of lines but without it. */
  get frontMatter(): FrontMatter {
    this.#front ??= splitFrontMatter(this.text.text);
    return this.#front;
  }

  /** The whole file as JSON; throws PlanError with line and column. */
  get json(): unknown {
    this.#json ??= { value: readJson(this.text.text, this.file) };
    return this.#json.value;
  }

  /** The whole file as YAML with every plain scalar as written; throws PlanError with line and column. */
  yaml(): ReturnType<typeof readYaml> {
    return readYaml(this.text.text, this.file);
  }
}
