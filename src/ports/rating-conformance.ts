import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Rating } from "../contract/rating.ts";
import { aTrace } from "./trace-test-kit.ts";
import type { Warehouse } from "./warehouse.ts";
import type { WarehouseUnderTest } from "./warehouse-conformance.ts";

const HOUR_MS = 3_600_000;

/** What every warehouse answers about ratings. Uses the years 2011 to 2016. */
export function ratingConformance(name: string, open: () => Promise<WarehouseUnderTest>): void {
  describe(`${name} about ratings`, () => {
    let subject: WarehouseUnderTest;
    let warehouse: Warehouse;
    let year = 2010;
    const nextYear = () => {
      year += 1;
      return { from: new Date(Date.UTC(year, 0)), to: new Date(Date.UTC(year + 1, 0)) };
    };
    const grounded = (period: { from: Date; to: Date }) => warehouse.ratings({ ...period, name: "groundedness" });
    const insert = (ratings: Rating[]) => warehouse.insertRatings(ratings.map((rating) => JSON.stringify(rating)));

    beforeAll(async () => {
      subject = await open();
      warehouse = subject.warehouse;
    });
    afterAll(() => subject?.dispose());

    it("gives samples, average and newest time per use case, of one name and period, from lists and files", async () => {
      const { from, to } = nextYear();
      const at = (hours: number) => new Date(from.getTime() + hours * HOUR_MS).toISOString();
      const ratings = [
        aRating("a", { ts: at(1), score: 5 }),
        aRating("b", { ts: at(3), score: 3 }),
        aRating("c", { ts: at(2), score: 4, source: "judge" }),
        aRating("d", { ts: at(2), score: 2.5, use_case_id: "search" }),
        aRating("e", { ts: at(2), score: 1, name: "tone" }),
        aRating("f", { ts: new Date(from.getTime() - 1).toISOString(), score: 1 }),
      ];
      expect(await insert(ratings.slice(0, 3))).toEqual({ accepted: 3, rejected: [] });
      const path = join(mkdtempSync(join(tmpdir(), "ballast-ratings-")), "ratings");
      writeFileSync(
        path,
        ratings
          .slice(3)
          .map((rating) => JSON.stringify(rating))
          .join("\n"),
      );
      expect(await warehouse.insertRatingFile(path)).toBe(true);
      expect(await grounded({ from, to })).toEqual([
        { useCase: "copilot", samples: 3, average: 4, newestAt: Date.parse(at(3)) },
        { useCase: "search", samples: 1, average: 2.5, newestAt: Date.parse(at(2)) },
      ]);
      expect(await grounded({ from: to, to: new Date(to.getTime() + HOUR_MS) })).toEqual([]);
    });

    it("counts a rating once, however often it comes, and keeps the first word", async () => {
      const { from, to } = nextYear();
      const received = (hours: number) => new Date(to.getTime() + hours * HOUR_MS).toISOString();
      const rating = aRating("once", { ts: from.toISOString(), score: 2, received_at: received(1) });
      await insert([{ ...rating, score: 5, received_at: received(2) }]);
      await insert([rating]);
      await insert([rating, aRating("once", { ...rating, tenant: "globex", score: 4 })]);
      expect(await grounded({ from, to })).toMatchObject([{ samples: 2, average: 3 }]);
    });

    it("takes the use case of the rated call, and no rating of another tenant's call, whichever came first", async () => {
      const { from, to } = nextYear();
      const ts = new Date(from.getTime() + HOUR_MS).toISOString();
      const calls = ["first", "later"].map((run_id) => aTrace({ from, to }, { tenant: "acme", use_case_id: "desk", run_id }));
      const rated = calls.flatMap(({ trace_id }, index) => [
        aRating(`own ${index}`, { ts, trace_id, score: 4 }),
        aRating(`foreign ${index}`, { ts, trace_id, score: 1, tenant: "globex", use_case_id: "desk" }),
      ]);
      await warehouse.insertTraces([JSON.stringify(calls[0])]);
      await insert([...rated, aRating("not known yet", { ts, trace_id: "no such call", score: 5 })]);
      await warehouse.insertTraces([JSON.stringify(calls[1])]);
      expect(await grounded({ from, to })).toMatchObject([
        { useCase: "copilot", samples: 1, average: 5 },
        { useCase: "desk", samples: 2, average: 4 },
      ]);
    });

    it("names what it cannot read, and takes the rest", async () => {
      const { from, to } = nextYear();
      const good = aRating("good", { ts: from.toISOString(), score: 3 });
      const { accepted, rejected } = await insert([good, { ...good, rating_id: "off the scale", score: 6 }, { ...good, rating_id: "" }]);
      expect([accepted, rejected.map(({ index }) => index)]).toEqual([1, [1, 2]]);
      expect(await grounded({ from, to })).toMatchObject([{ samples: 1, average: 3 }]);
    });
  });
}

function aRating(id: string, over: Partial<Rating>): Rating {
  const ts = "2011-01-01T00:00:00.000Z";
  return {
    ...{ rating_id: `${over.ts?.slice(0, 4)} ${id}`, event_id: id, ts, tenant: "acme", use_case_id: "copilot", trace_id: "" },
    ...{ name: "groundedness", score: 4, source: "user", received_at: ts },
    ...over,
  };
}
