/** What must never be seen, in any reachable state. */
export const LAWS = {
  "within the limit": "spent + in doubt + leased <= limit on every account",
  "billed is counted": "what the provider has billed is never more than spent + in doubt + leased",
  "told is kept": "an ending that a caller was told of is booked or in a journal, while its machine lives",
  "booked once": "no call is booked twice",
  "no phantom denial": "a call is refused only when money that lay idle while it waited would not have carried it",
  "the healthy are left alone": "a process that reaches the store in time is not fenced",
  "nothing is stuck":
    "from every state, without a further fault and without an operator, all leases can come to be given back or in doubt, and every call ended",
  "the books agree": "the balances are the sums of leases, holds in doubt and booked calls, and none is below zero",
} as const;
export type Law = keyof typeof LAWS;

/**
 * The guards of the protocol. Each can be taken out, and then the exploration must find what it was there for; or say that it found
 * nothing, and why the guard stays.
 */
export const GUARDS = {
  "lease within the limit": "A lease is one conditional update: it succeeds only while spent + in doubt + leased + amount <= limit.",
  "lease all or none": "The accounts of a call are leased together or not at all.",
  "lease once": "A lease bears the number of its request: asked again after a lost answer it answers as before and leases nothing more.",
  "lease unfenced": "The transaction of a lease reads the process's row, locked: a process that is not alive leases nothing.",
  "hold within the lease": "A process holds only what it was granted and does not hold already.",
  "journal before send": "A hold is in the journal before its call is sent.",
  "journal before answer": "An ending is in the journal before its caller is told.",
  "rest free after journal": "What a call did not use is free once its ending is in the journal, not before.",
  "cost held until booked": "What a call cost stays held until the store has acknowledged its ending.",
  "end once": "An ending is an entry that is unique by its hold: booked a second time it changes nothing.",
  "settle unfenced":
    "The transaction of an ending reads the process's row, locked: of a process that is not alive nothing is booked from a lease.",
  "give back unfenced":
    "The transaction of a return reads the process's row, locked: what a process that is not alive gives back changes nothing.",
  "give back once": "A return bears the number of its request: sent again after a lost answer it frees nothing more.",
  "given back is gone": "Money leaves the process's lease before its return is sent, and does not come back when the answer is lost.",
  "expired is in doubt": "What an expired process had leased becomes in doubt, never free.",
  "expiry by the store's clock":
    "A process expires when the store's clock, and no other, has passed its last heartbeat by the time allowed.",
  "one at the journal": "A journal is read for recovery only by whoever holds its lock: its own process, or another once that one is dead.",
  "fenced stops first":
    "A process that learns that it is fenced takes no further hold on the old lease, and only then reports its journal.",
  "lost journal frees nothing": "Without a whole journal of the running machine, nothing of an expired lease is freed.",
  "recover once": "Recovery, and an operator's resolution, close the expired lease in the same transaction, and only while it is open.",
  "operator waits for death":
    "An operator resolves what is in doubt only when the process can send nothing more on it: it is dead, or the call over.",
  "doubt ends once": "A hold in doubt is resolved only while it is in doubt, by a late ending or by an operator, whichever comes first.",
  "recall before refusal":
    "A call is refused only after every process alive that leases from the short account has been asked for what lies idle.",
  "recall answered anew":
    "Recalls are numbered, and a return names the last one seen when it was begun: a call waits for returns that name its own recall or a later one.",
} as const;
export type Guard = keyof typeof GUARDS;
export const ALL_GUARDS = Object.keys(GUARDS) as Guard[];

/** Guards without which the exploration finds nothing wrong, and why they stay. */
export const REDUNDANT: Partial<Record<Guard, string>> = {
  "lease all or none":
    "Nothing found: money that one account of a call granted lies idle while another is short, and is called back like any other. It stays " +
    "because a call that cannot be carried would otherwise bind money that others wait for, and be told no later.",
};
