/** What can stand at the end of a command line: commands, options, their values, and ids of what is there. */
import type { Argument, Command, Option } from "commander";

export type Candidate = { word: string; about: string };

/** Ids that only the orchestrator knows; each gives nothing where none answers at once. */
export type KnownIds = {
  executions(): Promise<Candidate[]>;
  tasks(execution: string): Promise<Candidate[]>;
  actions(): Promise<Candidate[]>;
  approvals(): Promise<Candidate[]>;
};

/**
 * @param words after the program's name; the last is the one to complete, empty when it is not begun
 * @returns nothing where the shell's own completion, that of files, fits
 */
export async function candidatesFor(program: Command, words: readonly string[], ids: KnownIds): Promise<Candidate[]> {
  const current = words.at(-1) ?? "";
  const { command, given, openOption } = placeOf(program, words.slice(0, -1));
  return (await all()).filter(({ word }) => word.startsWith(current));

  async function all(): Promise<Candidate[]> {
    if (openOption !== undefined) return (openOption.argChoices ?? []).map((word) => ({ word, about: "" }));
    if (current.startsWith("-")) return optionsOf(command);
    const subcommands = given.length === 0 ? command.commands.map((one) => ({ word: one.name(), about: one.description() })) : [];
    return [...subcommands, ...(await argumentValues(command.registeredArguments[given.length], given))];
  }

  async function argumentValues(argument: Argument | undefined, before: readonly string[]): Promise<Candidate[]> {
    if (argument === undefined) return [];
    if (argument.argChoices !== undefined) return argument.argChoices.map((word) => ({ word, about: "" }));
    const approves = command.name() === "approve" || command.name() === "reject";
    if (argument.name() === "id" && approves) return ids.approvals();
    if (argument.name() === "id") return [...(await ids.executions()), { word: "latest", about: "the newest execution" }];
    if (argument.name() === "task" && before[0] !== undefined) return ids.tasks(before[0]);
    return argument.name() === "action" ? ids.actions() : [];
  }
}

/** Where in the tree of commands the line is, which arguments it has, and the option whose value comes next. */
function placeOf(program: Command, words: readonly string[]) {
  let command = program;
  let given: string[] = [];
  let openOption: Option | undefined;
  for (const word of words) {
    if (openOption !== undefined) openOption = undefined;
    else if (word.startsWith("-")) openOption = word.includes("=") ? undefined : valued(command, word);
    else {
      const subcommand = given.length === 0 ? command.commands.find((one) => one.name() === word) : undefined;
      if (subcommand === undefined) given = [...given, word];
      else command = subcommand;
    }
  }
  return { command, given, openOption };
}

function valued(command: Command, word: string): Option | undefined {
  return command.options.find(
    (option) => (option.long === word || option.short === word) && (option.required || option.optional),
  );
}

function optionsOf(command: Command): Candidate[] {
  const own = command.options.map((option) => ({ word: option.long ?? option.short ?? "", about: option.description }));
  return [...own, { word: "--help", about: "what it does" }];
}
