/**
 * Brings messages to their channels.
 *
 * Failure story. A message is claimed for a minute, sent, and settled by whoever holds it. Killed in between: it is released when its node
 * starts again or its minute has passed. Destinations do not wait for each other: one that is down or says "later" gets its messages
 * later, in order and gathered into digests, and those that were claimed behind it are put back untried. One that refuses a message for good
 * gets it no more.
 */
import { v5 as uuidv5 } from "uuid";
import type { Claimed, NotificationStore } from "../orchestrator/store/notifications.ts";
import { type Channel, type Delivery, timeoutMs } from "./channels/channel.ts";
import { digest } from "./message.ts";
import type { ChannelName } from "./rules.ts";

export type DeliveryOptions = {
  store: NotificationStore;
  channels: ReadonlyMap<ChannelName, Channel>;
  now(): number;
  random(): number;
};

const claimedAtOnce = 200;
const claimedForOne = 20;
const leaseSeconds = 60;
/** Nothing is begun that could outlive the lease. */
const beginsForMs = leaseSeconds * 1000 - 2 * timeoutMs;
/** More than this for one channel at once are gathered into one message. */
const mostAlone = 3;
const mostTries = 14;
const firstDelaySeconds = 1;
const longestDelaySeconds = 600;
/** A service that asks for longer is asked again after this. */
const longestBlockSeconds = 3600;
/** What is only said is of no use later. */
const spokenForSeconds = 300;
/** Makes the id of a digest from the ids of its messages: the same digest keeps it over all tries, another one never has it. */
const digestNamespace = "6a2f0c1e-6d1b-4f53-9a3f-0d2f6a1b7c58";

/** Sends what is due, until nothing is. */
export async function deliver(options: DeliveryOptions, isStopping: () => boolean): Promise<void> {
  await Promise.all(
    [...options.channels].map(async ([name, channel]) => {
      for (let full = true; full && !isStopping(); ) {
        const claimedAtMs = options.now();
        const claimed = await options.store.claim([name], claimedForOne, claimedAtOnce, leaseSeconds);
        const byDestination = [...Map.groupBy(claimed, ({ destination }) => destination).values()];
        full = claimed.length === claimedAtOnce || byDestination.some(({ length }) => length === claimedForOne);
        await Promise.all(
          byDestination.map((messages) =>
            deliverTo(options, name, channel, messages, () => isStopping() || options.now() - claimedAtMs > beginsForMs),
          ),
        );
      }
    }),
  );
}

/** The messages of one destination, one after the other, until it wants to be left alone or does not answer. */
async function deliverTo(
  options: DeliveryOptions,
  name: ChannelName,
  channel: Channel,
  messages: readonly Claimed[],
  isLate: () => boolean,
): Promise<void> {
  const groups = groupsOf(name, messages);
  const putBack = (from: number, seconds: number) =>
    options.store.putBack(
      groups.slice(from).flatMap((group) => group.map(({ id }) => id)),
      seconds,
    );
  for (const [index, group] of groups.entries()) {
    if (isLate()) return putBack(index, 0);
    const waitSeconds = await send(options, name, channel, group);
    if (waitSeconds !== null) return putBack(index + 1, waitSeconds);
  }
}

/** @returns how long the destination is to be left alone; null when the next message can go */
async function send(
  { store, now, random }: DeliveryOptions,
  name: ChannelName,
  channel: Channel,
  group: readonly [Claimed, ...Claimed[]],
): Promise<number | null> {
  const [first] = group;
  const ids = group.map(({ id }) => id);
  if (name === "voice" && now() - first.createdAt.getTime() > spokenForSeconds * 1000) {
    await store.settle(ids, "failed", "too old to be said", 0);
    return null;
  }
  const id = ids.length === 1 ? first.id : uuidv5(ids.join(" "), digestNamespace);
  const delivery = await channel.send(digest(group.map(({ message }) => message)), id, first.target).catch(unexpected);
  if (delivery.ok) {
    await store.settle(ids, "sent", null, 0);
    return null;
  }
  if (delivery.permanent || first.tries >= mostTries) {
    await store.settle(ids, "failed", delivery.error, 0);
    return null;
  }
  const backoff = Math.min(longestDelaySeconds, firstDelaySeconds * 2 ** (first.tries - 1)) * (0.75 + random() / 2);
  const seconds = delivery.retryAfterMs === undefined ? backoff : Math.min(longestBlockSeconds, delivery.retryAfterMs / 1000);
  if (delivery.retryAfterMs !== undefined) await store.block(first.destination, seconds);
  await store.settle(ids, "queued", delivery.error, seconds);
  return delivery.retryAfterMs !== undefined || delivery.unreachable === true ? seconds : null;
}

/** A channel says what went wrong; one that throws instead must not keep its message forever. */
const unexpected = (error: unknown): Delivery => ({
  ok: false,
  permanent: false,
  error: `it could not be sent (${error instanceof Error ? error.name : "unknown"})`,
});

/** What needs an answer, is urgent or is read by a program stays alone; of the rest many become one. */
function groupsOf(name: ChannelName, claimed: readonly Claimed[]): [Claimed, ...Claimed[]][] {
  const isAlone = ({ message }: Claimed) => name === "webhook" || message.thread !== null || message.priority === 5;
  const alone = claimed.filter(isAlone).map((one): [Claimed] => [one]);
  const rest = claimed.filter((one) => !isAlone(one));
  if (rest.length <= mostAlone) return [...rest.map((one): [Claimed] => [one]), ...alone];
  return [rest as [Claimed, ...Claimed[]], ...alone];
}
