/** What is told about an event, in words for the eye and for the ear. Pure. */

export type Told = {
  id: string;
  executionId: string;
  seq: number;
  type: string;
  at: string;
  /** From the event, its task and its execution. */
  planTitle: string;
  taskId: string | null;
  taskTitle: string | null;
  seconds: number | null;
  reason: string | null;
  /** A page that decides, for approvals. */
  link: string | null;
  /** Of an approval: its id. */
  thread: string | null;
};

export type Button = { label: string; url: string; body: string };
export type Message = {
  type: string;
  title: string;
  body: string;
  /** 8 to 16 words that can be said. */
  spoken: string;
  /** 1 to 5, as ntfy counts; 5 is heard at night. */
  priority: 1 | 2 | 3 | 4 | 5;
  tags: string[];
  click: string | null;
  buttons: Button[];
  /** What all messages about one approval have in common: the last one takes the place of the others where a channel can do that. */
  thread: string | null;
  executionId: string;
  taskId: string | null;
  at: string;
};

type Words = { title: string; priority: Message["priority"]; tags: string[]; spoken: string };

const mostSpokenWords = 16;
const longestBody = 1_500;
const settledWords = { "approval.approved": "Approved", "approval.rejected": "Rejected", "approval.expired": "Out of date" };

export function messageOf(told: Told): Message {
  const words = wordsOf(told);
  const lines = [told.planTitle, told.reason].filter((line): line is string => line !== null && line !== "");
  return {
    ...words,
    type: told.type,
    spoken: speakable(words.spoken),
    body: lines.join("\n").slice(0, longestBody),
    click: told.link,
    buttons:
      told.link === null
        ? []
        : [
            { label: "Approve", url: told.link, body: "decision=approve" },
            { label: "Reject", url: told.link, body: "decision=reject" },
          ],
    thread: told.thread,
    executionId: told.executionId,
    taskId: told.taskId,
    at: told.at,
  };
}

/** Several messages as one. @param messages at least one, of one execution or of many */
export function digest(messages: readonly Message[]): Message {
  const [first] = messages as [Message, ...Message[]];
  if (messages.length === 1) return first;
  const worst = messages.reduce((a, b) => (b.priority > a.priority ? b : a));
  const executions = new Set(messages.map(({ executionId }) => executionId)).size;
  const shown = messages.slice(0, 10).map(({ title }) => `• ${title}`);
  const more = messages.length > shown.length ? [`… and ${messages.length - shown.length} more`] : [];
  return {
    ...worst,
    title: `${messages.length} updates${executions > 1 ? ` of ${executions} plans` : ""}`,
    body: [...shown, ...more].join("\n"),
    spoken: speakable(`There are ${messages.length} updates, the most important one is: ${worst.spoken}`),
    click: null,
    buttons: [],
    thread: null,
  };
}

function wordsOf({ type, planTitle, taskTitle, seconds, reason }: Told): Words {
  const task = taskTitle ?? "a task";
  const took = seconds === null ? "" : ` after ${spokenDuration(seconds)}`;
  switch (type) {
    case "task.started":
      return {
        title: `Started: ${task}`,
        priority: 1,
        tags: ["arrow_forward"],
        spoken: `Longhaul has now started to work on the task ${task}`,
      };
    case "task.completed":
      return {
        title: `Done: ${task}${took}`,
        priority: 2,
        tags: ["white_check_mark"],
        spoken: `The task ${task} was completed${took} and is now done`,
      };
    case "task.failed":
      return {
        title: `Failed: ${task}`,
        priority: 4,
        tags: ["x"],
        spoken: `Attention please, the task ${task} has failed and needs a look`,
      };
    case "execution.completed":
      return {
        title: `Plan completed: ${planTitle}`,
        priority: 3,
        tags: ["tada"],
        spoken: `The whole plan ${planTitle} was completed${took}, all is done`,
      };
    case "execution.failed":
      return {
        title: `Plan failed: ${planTitle}`,
        priority: 5,
        tags: ["rotating_light"],
        spoken: `Attention please, the plan ${planTitle} has failed and has ended`,
      };
    case "execution.cancelled":
      return {
        title: `Plan cancelled: ${planTitle}`,
        priority: 2,
        tags: ["no_entry"],
        spoken: `The plan ${planTitle} was cancelled and nothing of it runs`,
      };
    case "phase.completed":
      return {
        title: `Phase completed: ${reason ?? planTitle}`,
        priority: 3,
        tags: ["checkered_flag"],
        spoken: `The phase ${reason ?? "of the plan"} was completed and the plan goes on`,
      };
    case "health.warning":
      return {
        title: `Warning: ${taskTitle ?? planTitle}`,
        priority: 4,
        tags: ["warning"],
        spoken: `Warning about ${taskTitle ?? planTitle}, something is not as it should be`,
      };
    case "health.recovered":
      return {
        title: `Well again: ${taskTitle ?? planTitle}`,
        priority: 2,
        tags: ["green_heart"],
        spoken: `All is well again with ${taskTitle ?? planTitle}, the warning is over`,
      };
    case "execution.halted":
      return {
        title: `Plan halted: ${planTitle}`,
        priority: 5,
        tags: ["rotating_light"],
        spoken: `Attention please, the plan ${planTitle} was halted after repeated failures`,
      };
    case "execution.progress":
      return {
        title: `Still running: ${planTitle}`,
        priority: 1,
        tags: ["hourglass"],
        spoken: `The plan ${planTitle} is still running${took}, and it goes on`,
      };
    case "approval.unanswered":
      return {
        title: `Still waiting for your approval: ${task}`,
        priority: 5,
        tags: ["alarm_clock"],
        spoken: `Attention please, nobody has decided yet, and ${task} still waits for your approval`,
      };
    case "approval.approved":
    case "approval.rejected":
    case "approval.expired":
      return {
        title: `${settledWords[type]}: ${task}`,
        priority: 2,
        tags: [type === "approval.approved" ? "white_check_mark" : "no_entry"],
        spoken: `The approval that was asked for the task ${task} is settled and needs nobody any more`,
      };
    case "approval.expiring":
      return {
        title: `Approval runs out: ${task}`,
        priority: 5,
        tags: ["alarm_clock"],
        spoken: `Attention please, your approval for ${task} is about to run out`,
      };
    case "approval.requested":
      return {
        title: `Approval needed: ${task}`,
        priority: 4,
        tags: ["raised_hand"],
        spoken: `Your approval is needed now so that ${task} can go on`,
      };
    case "test":
      return {
        title: "Longhaul says hello",
        priority: 3,
        tags: ["wave"],
        spoken: "Longhaul says hello, and this channel can be heard quite well",
      };
    default:
      return {
        title: `You are needed: ${task}`,
        priority: 4,
        tags: ["raised_hand"],
        spoken: `You are needed now so that the task ${task} goes on`,
      };
  }
}

/** Without signs that nobody can say, at most sixteen words. */
function speakable(text: string): string {
  const words = text
    .replace(/[`*_#<>[\](){}|\\/~^=+]|https?:\S+/g, " ")
    .split(/\s+/)
    .filter((word) => word !== "");
  return words.length <= mostSpokenWords
    ? words.join(" ")
    : `${words
        .slice(0, mostSpokenWords)
        .join(" ")
        .replace(/[,;:]$/, "")}`;
}

function spokenDuration(seconds: number): string {
  const [value, unit] =
    seconds < 90
      ? [Math.max(1, Math.round(seconds)), "second"]
      : seconds < 5400
        ? [Math.round(seconds / 60), "minute"]
        : [Math.round(seconds / 3600), "hour"];
  return `${value} ${unit}${value === 1 ? "" : "s"}`;
}
