/** Many small calls that come at the same time become one: what comes while a call is under way goes out together with the next. */

/**
 * @param run takes what was gathered, in order, and gives an answer for each; when it rejects, every call of that batch does
 * @param most given to one run
 */
export function createBatch<Given, Answer>(run: (given: Given[]) => Promise<readonly Answer[]>, most = 1_000) {
  type Waiting = { given: Given; resolve: (answer: Answer) => void; reject: (error: unknown) => void };
  let queue: Waiting[] = [];
  let running = false;

  async function work(): Promise<void> {
    if (running) return;
    running = true;
    while (queue.length > 0) {
      const batch = queue.slice(0, most);
      queue = queue.slice(most);
      try {
        const answers = await run(batch.map(({ given }) => given));
        for (const [index, { resolve }] of batch.entries()) resolve(answers[index] as Answer);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    running = false;
  }

  return (given: Given): Promise<Answer> =>
    new Promise((resolve, reject) => {
      queue.push({ given, resolve, reject });
      queueMicrotask(() => void work()); // what the same tick brings goes out together
    });
}
