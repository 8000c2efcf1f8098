/** What every text that a model writes for a plan has to keep to: nothing in it may deceive. */
export const contentRules =
  "Use only facts that you are given: invent no customers, quotations, figures, reviews or endorsements.";
