/** What the exit code of `longhaul` says, for scripts; printed by `longhaul --help`. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  notRunning: 3,
  refused: 4,
  notFound: 5,
  detached: 130,
} as const;

export const exitCodeHelp = `
Exit codes:
  0  done; the execution completed
  1  failed; the execution failed or was cancelled
  2  wrong usage or configuration
  3  no orchestrator runs, or it cannot be reached
  4  refused: the plan is not valid, or the state does not allow it
  5  no such execution, task or action
  130  interrupted; the execution goes on`;
