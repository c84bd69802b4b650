import { Problem } from "../../../contract/problem.ts";
import { type Nano, parseDecimal } from "../../../core/money/usd.ts";
import type { WarehouseConnection } from "../warehouse-connection.ts";
import { warehouseSql } from "../warehouse-sql.ts";
import { periodParameters } from "./costs-by-group.ts";

const STATEMENT = warehouseSql("questions/traced-per-tenant.sql");

export interface TracedTenant {
  readonly tenant: string;
  readonly traces: number;
  readonly bookedNano: Nano;
}

/**
 * Booked cost per tenant, exact.
 * @throws Problem data_corrupt when a sum has parts of a nano-dollar: costs are booked in whole ones
 */
export async function tracedPerTenant(connection: WarehouseConnection, from: Date, to: Date): Promise<readonly TracedTenant[]> {
  const rows = await connection.rows(STATEMENT, periodParameters({ from, to }));
  return rows.map(({ tenant, traces, booked_usd }) => {
    const bookedNano = parseDecimal(String(booked_usd), 9);
    if (bookedNano === undefined) throw new Problem("data_corrupt", { tenant, booked_usd });
    return { tenant: String(tenant), traces: Number(traces), bookedNano };
  });
}
