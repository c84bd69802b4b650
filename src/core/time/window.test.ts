import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CALENDAR_WINDOWS, isTimeZone, NEVER, WINDOW_KINDS, windowAt, windowsAt } from "./window.ts";

const iso = (ms: number) => new Date(ms).toISOString();

describe("windowAt", () => {
  it("gives a month of the zone's own calendar", () => {
    const { start, end } = windowAt("month", "America/New_York", Date.parse("2026-11-01T03:00:00Z"));
    expect([iso(start), iso(end)]).toEqual(["2026-10-01T04:00:00.000Z", "2026-11-01T04:00:00.000Z"]);
  });

  it("gives days of 23 and 25 hours when the clocks change", () => {
    const spring = windowAt("day", "Europe/Berlin", Date.parse("2026-03-29T12:00:00Z"));
    const autumn = windowAt("day", "Europe/Berlin", Date.parse("2026-10-25T12:00:00Z"));
    expect([(spring.end - spring.start) / 3_600_000, (autumn.end - autumn.start) / 3_600_000]).toEqual([23, 25]);
  });

  it("begins weeks on Monday and quarters in January, April, July and October", () => {
    expect(iso(windowAt("week", "UTC", Date.parse("2026-11-22T23:59:59Z")).start)).toBe("2026-11-16T00:00:00.000Z");
    expect(iso(windowAt("quarter", "UTC", Date.parse("2026-12-31T00:00:00Z")).end)).toBe("2027-01-01T00:00:00.000Z");
  });

  it("puts every instant in exactly one window, next to the following one, in any zone", () => {
    const zones = [
      "UTC",
      "Europe/Berlin",
      "America/Sao_Paulo",
      "Asia/Kathmandu",
      "Pacific/Apia",
      "Australia/Lord_Howe",
      "America/New_York",
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.constantFrom(...CALENDAR_WINDOWS),
        fc.integer({ min: 946684800000, max: 4102444800000 }),
        (zone, kind, at) => {
          const window = windowAt(kind, zone, at);
          expect(window.start <= at && at < window.end).toBe(true);
          expect(windowAt(kind, zone, window.end - 1)).toEqual(window);
          expect(windowAt(kind, zone, window.end).start).toBe(window.end);
        },
      ),
    );
  });

  it("gives a run one window for its life, whenever and wherever it is asked for", () => {
    const whole = { start: 0, end: NEVER };
    expect(windowAt("run", "UTC", Date.parse("2026-11-21T12:00:00Z"))).toEqual(whole);
    expect(windowAt("run", "Asia/Tokyo", Date.parse("2031-01-01T00:00:00Z"))).toEqual(whole);
  });

  it("gives many budgets around one instant the window that each would get alone", () => {
    const windowOf = windowsAt(Date.parse("2026-11-01T03:00:00Z"));
    for (const zone of ["UTC", "America/New_York", "UTC"]) {
      for (const window of WINDOW_KINDS)
        expect(windowOf({ window, zone })).toEqual(windowAt(window, zone, Date.parse("2026-11-01T03:00:00Z")));
    }
  });

  it("knows which zones exist", () => {
    expect([isTimeZone("Europe/Berlin"), isTimeZone("Europe/Nowhere")]).toEqual([true, false]);
  });
});
