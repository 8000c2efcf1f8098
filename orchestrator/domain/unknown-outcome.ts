/** What follows when nobody knows whether something happened that must not happen twice: a person looks. Pure. */
export const unknownOutcome = (what: string) => ({
  name: "outcome-unknown",
  waitFor: "human" as const,
  onDone: "complete" as const,
  detail: {
    what,
    how: "Look on the other side whether it happened. It did: say done. It did not: say failed, then retry the task, which does it again.",
  },
});
