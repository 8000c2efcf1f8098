/** The steps that ask a person before something acts outside: whether it was read rightly, and for the last click. */
import type { AttemptStep } from "./attempt-step.ts";
import { confirmation } from "./confirmation.ts";
import { lastClick } from "./last-click.ts";

export const personFirst: readonly AttemptStep[] = [confirmation, lastClick];
