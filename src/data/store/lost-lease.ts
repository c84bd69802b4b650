/*
 * When a process is taken for dead, what it leased from an account is in doubt as one sum, named after both, until its journal or an
 * operator says what became of it.
 */
export function lostLeaseId(epoch: number, account: string): string {
  return `lease:${epoch}:${account}`;
}

export function epochOfLostLease(holdId: string): number | undefined {
  const found = /^lease:(\d+):/.exec(holdId);
  return found ? Number(found[1]) : undefined;
}
