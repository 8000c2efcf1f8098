/** Gate `clean-tree`: the workspace is a git repository without changes that are not committed. */
import { GitError } from "../../workspace/git.ts";
import type { GateCheck } from "./gate-check.ts";

export const cleanTreeGate: GateCheck = async ({ git, assignment }) => {
  try {
    const status = await git.text(["status", "--porcelain"], { cwd: assignment.workspace });
    const changed = status === "" ? [] : status.split("\n");
    if (changed.length === 0) return { passed: true, message: "the work tree is clean" };
    const names = changed.slice(0, 3).map((line) => line.slice(3));
    return { passed: false, message: `${changed.length} file(s) are not committed: ${names.join(", ")}` };
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    return { passed: false, message: `${assignment.workspace} cannot be read as a git repository: ${error.message}` };
  }
};
