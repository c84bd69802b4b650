import { Type } from "typebox";
import { closed } from "./field-contract.ts";
import { PROBLEMS, type ProblemCode } from "./problem-list.ts";

export const healthAnswer = closed({ status: Type.Literal("ok") });
export const readyAnswer = closed({
  status: Type.Enum(["ready", "not_ready"]),
  checks: Type.Array(
    closed({
      name: Type.String(),
      ok: Type.Boolean(),
      degraded: Type.Optional(Type.Boolean({ description: "Goes on, but slower" })),
      detail: Type.String(),
    }),
  ),
});

/** RFC 9457. Members besides these name what the problem is about, such as `field` or `position`. */
export const problemAnswer = Type.Object({
  type: Type.String({ pattern: "^/problems/[a-z_]+$" }),
  title: Type.String(),
  status: Type.Integer({ minimum: 400, maximum: 599 }),
  code: Type.Enum(Object.keys(PROBLEMS) as ProblemCode[]),
  detail: Type.String(),
  remedy: Type.String(),
  instance: Type.String({ description: "The trace id; the server's log has more under it" }),
});
