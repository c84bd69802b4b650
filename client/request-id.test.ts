import { afterEach, expect, it, vi } from "vitest";
import { newRequestId } from "./request-id.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

it("makes ids that differ, also where there is no global crypto, as in Node 18", () => {
  vi.stubGlobal("crypto", undefined);
  const ids = Array.from({ length: 10_000 }, newRequestId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.every((id) => id.length >= 20 && id.length <= 200)).toBe(true);
});
