import { Type } from "typebox";
import { closed } from "./field-contract.ts";

/** OFREP 0.3.0, the OpenFeature Remote Evaluation Protocol. It is others' protocol and grows: what is not known in it is passed over. */

/** The words of the protocol for what went wrong. */
export const FLAG_ERRORS = ["PARSE_ERROR", "TARGETING_KEY_MISSING", "INVALID_CONTEXT", "FLAG_NOT_FOUND", "GENERAL"] as const;
export type FlagError = (typeof FLAG_ERRORS)[number];

export const evaluationBody = Type.Object({
  context: Type.Optional(
    Type.Unsafe<Record<string, unknown>>({
      type: "object",
      description: "Whose levers: targetingKey or use_case, provider, model; and own values of flags by their keys",
    }),
  ),
});

/** What a change event says that it is about; sent along by clients, and not needed here. */
export const bulkQuery = Type.Object({
  flagConfigEtag: Type.Optional(Type.String({ maxLength: 400 })),
  flagConfigLastModified: Type.Optional(Type.String({ maxLength: 400 })),
});

export const flagView = closed({
  key: Type.String(),
  value: Type.Optional(Type.Union([Type.Boolean(), Type.Number(), Type.String()], { description: "Absent: use the value of your code" })),
  reason: Type.Enum(["TARGETING_MATCH", "DISABLED"], { description: "DISABLED while the lever is off" }),
  variant: Type.Optional(Type.String()),
  metadata: closed({ lever: Type.String() }),
});

export const flagFailure = closed({
  key: Type.Optional(Type.String()),
  errorCode: Type.Enum([...FLAG_ERRORS]),
  errorDetails: Type.String(),
});
export const flagFault = closed({ errorDetails: Type.String() });

export const flagsAnswer = closed({
  flags: Type.Array(flagView),
  eventStreams: Type.Array(
    closed({
      type: Type.Literal("sse"),
      endpoint: closed({ requestUri: Type.String({ description: "Holds a secret: do not log it" }) }),
      inactivityDelaySec: Type.Integer({ minimum: 1 }),
    }),
  ),
});

const subject = Type.Optional(Type.String({ maxLength: 128 }));
/** The address of a stream is made by the server and followed as it is. */
export const streamQuery = closed({
  ticket: Type.Optional(Type.String({ maxLength: 200 })),
  use_case: subject,
  provider: subject,
  model: subject,
});
