/** A person's verdict on an execution that has ended, from 1 to 10. */
import { useEffect, useState } from "preact/hooks";
import { metricsOf, rateExecution } from "../../client/metrics.ts";
import { attempt, tell } from "../components/notice.tsx";
import { client } from "../session.ts";

const marks = Array.from({ length: 10 }, (_, index) => index + 1);

export function Rating({ executionId }: { executionId: string }) {
  const [rating, setRating] = useState<number>();
  useEffect(() => {
    void metricsOf(client, executionId)
      .then(({ metrics }) =>
        setRating(metrics.find(({ metric, taskId }) => metric === "execution_rating" && taskId === null)?.value),
      )
      .catch(() => undefined);
  }, [executionId]);
  async function rate(value: number): Promise<void> {
    const answer = await attempt(() => rateExecution(client, executionId, { rating: value }));
    if (answer === undefined) return;
    setRating(value);
    tell(`Rated ${value} of 10.`);
  }
  return (
    <label class="rating">
      <span class="muted">Your rating</span>
      <select
        value={rating === undefined ? "" : String(rating)}
        onChange={(event) => {
          if (event.currentTarget.value !== "") void rate(Number(event.currentTarget.value));
        }}
      >
        <option value="">none</option>
        {marks.map((mark) => (
          <option key={mark} value={String(mark)}>
            {mark} of 10
          </option>
        ))}
      </select>
    </label>
  );
}
