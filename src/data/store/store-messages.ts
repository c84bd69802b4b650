import type { Ending } from "../../ports/ledger-store.ts";

/*
 * An ending as it travels between the server's thread and the writer's: a list without names, since every call sends one and copying
 * names costs as much as copying values.
 */
export type EndParameters = readonly [
  kind: Ending["kind"],
  holdId: string,
  accounts: readonly string[],
  heldNano: bigint,
  amountNano: bigint,
  inputTokens: number,
  outputTokens: number,
  at: number,
  tenant: string,
  trace: string | null,
  idempotency: Ending["idempotency"],
  epoch: number | undefined,
  doubt?: string | undefined,
  alert?: string | undefined,
];

export function endParameters(ending: Ending): EndParameters {
  const { kind, holdId, accounts, heldNano, amountNano, inputTokens, outputTokens, at, tenant, trace, idempotency, epoch } = ending;
  const call = [kind, holdId, accounts, heldNano, amountNano, inputTokens, outputTokens, at, tenant, trace, idempotency, epoch] as const;
  const { doubt, alert } = ending;
  return doubt === undefined && alert === undefined ? call : [...call, doubt, alert];
}

export function endingOf(parameters: EndParameters): Ending {
  const [kind, holdId, accounts, heldNano, amountNano, inputTokens, outputTokens, at, tenant, trace, idempotency, epoch, ...told] =
    parameters;
  const [doubt, alert] = told;
  const call = { kind, holdId, accounts, heldNano, amountNano, inputTokens, outputTokens, at, tenant, trace, idempotency, epoch };
  return doubt === undefined && alert === undefined ? call : { ...call, doubt, alert };
}
