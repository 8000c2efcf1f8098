import { describe, expect, it } from "vitest";
import { currentTick, nextTick } from "../../../orchestrator/domain/cron.ts";

const at = (iso: string) => new Date(iso);

describe("a schedule's ticks", () => {
  it("are in its time zone, also where the clock changes", () => {
    const berlin = { cron: "30 6 * * *", timeZone: "Europe/Berlin" };
    expect(nextTick(berlin, at("2026-03-28T06:00:00Z")).toISOString()).toBe("2026-03-29T04:30:00.000Z");
    expect(nextTick(berlin, at("2026-03-27T06:00:00Z")).toISOString()).toBe("2026-03-28T05:30:00.000Z");
    const skippedHour = { cron: "30 2 * * *", timeZone: "Europe/Berlin" };
    const spring = nextTick(skippedHour, at("2026-03-28T12:00:00Z"));
    expect(spring.getTime()).toBeLessThan(at("2026-03-30T00:00:00Z").getTime());
  });

  it("that were missed are one: the latest, which says how many it stands for", () => {
    const daily = { cron: "0 0 * * *", timeZone: "UTC" };
    expect(currentTick(daily, at("2026-11-01T00:00:00Z"), at("2026-11-01T00:00:01Z"))).toEqual({
      tick: at("2026-11-01T00:00:00Z"),
      missed: 0,
      next: at("2026-11-02T00:00:00Z"),
    });
    expect(currentTick(daily, at("2026-11-01T00:00:00Z"), at("2026-11-05T12:00:00Z"))).toEqual({
      tick: at("2026-11-05T00:00:00Z"),
      missed: 4,
      next: at("2026-11-06T00:00:00Z"),
    });
  });

  it("of each second are not counted for ever after a long absence", () => {
    const { tick, missed, next } = currentTick(
      { cron: "* * * * * *", timeZone: "UTC" },
      at("2026-01-01T00:00:00Z"),
      at("2026-03-01T00:00:00Z"),
    );
    expect([tick.toISOString(), missed, next.toISOString()]).toEqual([
      "2026-03-01T00:00:00.000Z",
      1_000,
      "2026-03-01T00:00:01.000Z",
    ]);
  });

  it.each([
    ["61 * * * *", "UTC", /cron: '61 \* \* \* \*' cannot be read/],
    ["0 0 30 2 *", "UTC", /cron: '0 0 30 2 \*' (never comes true|cannot be read)/],
    ["* * *", "UTC", /cannot be read/],
    ["0 0 * * *", "Mars/Olympus", /timeZone: 'Mars\/Olympus' is no time zone/],
  ])("%s in %s is refused with the field", (cron, timeZone, message) => {
    expect(() => nextTick({ cron, timeZone }, at("2026-01-01T00:00:00Z"))).toThrow(message);
  });
});
