/**
 * Turns events into messages and has them brought to their channels.
 *
 * Failure story. The event's own transaction leaves an intent; intents become messages in another one. Killed in between: the intent or the
 * messages are there, and this or another node goes on.
 */
import { v7 as uuidv7 } from "uuid";
import type { IntentRow, NewNotification, NotificationStore } from "../orchestrator/store/notifications.ts";
import type { Channel } from "./channels/channel.ts";
import { deliver } from "./delivery.ts";
import { type Message, messageOf, type Told } from "./message.ts";
import { type QuietHours, quietForMs } from "./quiet-hours.ts";
import { type ChannelName, channelsFor, eventTypesFor, type Overrides } from "./rules.ts";

export type NotifierOptions = {
  store: NotificationStore;
  channels: ReadonlyMap<ChannelName, Channel>;
  /** Those that are told of every execution; a webhook may also be one execution's own. */
  standing: readonly ChannelName[];
  overrides: Overrides;
  quietHours: QuietHours | undefined;
  /** The page that decides an approval. */
  linkOf(approvalId: string): Promise<string | null>;
  onError(error: unknown, doing: string): void;
  now(): number;
  random(): number;
};

const pollMs = 5_000;
const pageOfIntents = 200;
const progressAfterSeconds = 300;
const progressEverySeconds = 600;

export class Notifier {
  readonly #options: NotifierOptions;
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #stopping = false;

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { store, standing, overrides } = this.#options;
    await store.release();
    await store.want(eventTypesFor(standing, overrides));
    this.#timer = setInterval(() => this.wake(), pollMs);
    this.wake();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#timer);
    clearTimeout(this.#soon);
    await this.#running;
  }

  wake(): void {
    if (this.#stopping) return;
    if (this.#running !== undefined) {
      this.#again = true;
      return;
    }
    this.#running = this.#work()
      .catch((error: unknown) => this.#options.onError(error, "sending notifications"))
      .finally(() => {
        this.#running = undefined;
        if (this.#again) {
          this.#again = false;
          this.wake();
        }
      });
  }

  /** Sends one message now, past the outbox; tells what the service said. */
  async test(name: ChannelName): Promise<string | null> {
    const channel = this.#options.channels.get(name);
    if (channel === undefined) return "it is not configured";
    const told: Told = {
      id: "",
      executionId: "",
      seq: 0,
      type: "test",
      at: new Date(this.#options.now()).toISOString(),
      planTitle: "A test of this channel.",
      taskId: null,
      taskTitle: null,
      seconds: null,
      reason: null,
      link: null,
      thread: null,
    };
    const delivery = await channel.send(messageOf(told), uuidv7(), null);
    return delivery.ok ? null : delivery.error;
  }

  async #work(): Promise<void> {
    await this.#route();
    await this.#sayProgress();
    await deliver(this.#options, () => this.#stopping);
    const seconds = await this.#options.store.nextDue([...this.#options.channels.keys()]);
    clearTimeout(this.#soon);
    if (seconds !== null && seconds < pollMs / 1000) this.#soon = setTimeout(() => this.wake(), Math.max(20, seconds * 1000));
  }

  async #route(): Promise<void> {
    const { store } = this.#options;
    for (let full = true; full && !this.#stopping; ) {
      const intents = await store.intents(pageOfIntents);
      full = intents.length === pageOfIntents;
      if (intents.length === 0) return;
      const messages = await Promise.all(intents.map((intent) => this.#messagesFor(intent)));
      await store.route(intents, messages.flat());
    }
  }

  async #messagesFor(row: IntentRow): Promise<NewNotification[]> {
    const { standing, overrides, linkOf } = this.#options;
    const own: ChannelName[] = row.webhook_url === null || standing.includes("webhook") ? [] : ["webhook"];
    const names = channelsFor(row.type, [...standing, ...own], row.seconds, overrides, row.wishes ?? {});
    const targetsOf = (name: ChannelName): (string | null)[] =>
      name !== "webhook" || row.webhook_url === null
        ? [null]
        : standing.includes("webhook")
          ? [null, row.webhook_url]
          : [row.webhook_url];
    const approvalId = row.data["approvalId"];
    const message = messageOf({
      id: "",
      executionId: row.execution_id,
      seq: Number(row.seq),
      type: row.type,
      at: row.at.toISOString(),
      planTitle: row.plan_title,
      taskId: row.task_id,
      taskTitle: row.task_title,
      seconds: row.seconds,
      reason: text(row.data["message"]) ?? text(row.data["reason"]),
      link: typeof approvalId === "string" ? await linkOf(approvalId) : null,
      thread: text(approvalId),
    });
    return names.flatMap((channel) =>
      targetsOf(channel).map((target) => this.#notification(row.execution_id, Number(row.seq), channel, message, target)),
    );
  }

  #notification(
    executionId: string,
    seq: number,
    channel: ChannelName,
    message: Message,
    target: string | null,
  ): NewNotification {
    const { quietHours, now } = this.#options;
    const quietMs = quietHours === undefined || message.priority === 5 ? 0 : quietForMs(quietHours, now());
    const isHeard = channel === "voice" || channel === "push";
    return {
      id: uuidv7(),
      executionId,
      seq,
      channel,
      message,
      target,
      notBefore: isHeard && quietMs > 0 ? new Date(now() + quietMs).toISOString() : null,
      status: channel === "voice" && quietMs > 0 ? "suppressed" : "queued",
    };
  }

  /** After five minutes of running something is said every ten. */
  async #sayProgress(): Promise<void> {
    const { store, channels, now, quietHours } = this.#options;
    if (!channels.has("voice") || (quietHours !== undefined && quietForMs(quietHours, now()) > 0)) return;
    for (const row of await store.running(progressAfterSeconds, progressEverySeconds)) {
      if (row.wishes?.["voice"] === false) continue;
      const base = {
        id: "",
        executionId: row.execution_id,
        seq: -row.due,
        type: "execution.progress",
        at: new Date(now()).toISOString(),
      };
      const told = {
        ...base,
        planTitle: row.title,
        taskId: null,
        taskTitle: null,
        seconds: row.seconds,
        reason: null,
        link: null,
        thread: null,
      };
      await store.add(this.#notification(row.execution_id, -row.due, "voice", messageOf(told), null));
    }
  }
}

const text = (value: unknown) => (typeof value === "string" ? value : null);
