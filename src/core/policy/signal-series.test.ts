import { describe, expect, it } from "vitest";
import { pointAt, readSeries } from "./signal-series.ts";

/** Numbers as they are, other points by their kind. */
function points(text: string): (number | string)[] {
  const reading = readSeries(text);
  if (reading.outcome === "wrong") throw new Error(reading.message);
  return reading.points.map((point) => (point.kind === "value" ? point.value : point.kind));
}

describe("a series", () => {
  it("is written as Prometheus writes them for rule tests", () => {
    expect(points("1 2x2 0.7+0.1x3 5-2x2 _ _x2 -1")).toEqual([1, 2, 2, 2, 0.7, 0.8, 0.9, 1, 5, 3, 1, "missing", "missing", "missing", -1]);
  });

  it("adds without the errors of floats, and takes percents", () => {
    expect(points("0.7+0.01x10").at(-1)).toBe(0.8);
    expect(points("0.2%x1 70%+1%x5")).toEqual([0.002, 0.002, 0.7, 0.71, 0.72, 0.73, 0.74, 0.75]);
  });

  it("has points that may not be acted on", () => {
    expect(points("900 stale fewx2")).toEqual([900, "stale", "few", "few"]);
  });

  it("stays as it was last when it has ended", () => {
    const reading = readSeries("1 2");
    expect(reading.outcome === "read" && pointAt(reading.points, 99)).toEqual({ kind: "value", value: 2 });
  });

  it("that is wrong is told with its place, and an endless one is refused", () => {
    expect(readSeries("900 x5")).toMatchObject({ outcome: "wrong", at: 4 });
    for (const text of ["", "1+2", "1x", "--1", "1e5", "Infinity", "1x99999 1x99999"])
      expect([text, readSeries(text).outcome]).toEqual([text, "wrong"]);
  });
});
