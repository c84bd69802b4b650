/** The one registry of problems: stable code, HTTP status, whether trying again may help, and what to do. */
interface ProblemEntry {
  readonly status: number;
  readonly retry: boolean;
  readonly title: string;
  readonly remedy: string;
}

export const PROBLEMS = {
  // The caller's request
  invalid_json: {
    status: 400,
    retry: false,
    title: "The body is not valid JSON.",
    remedy: "Send one JSON object in UTF-8; the position says where reading stopped.",
  },
  invalid_protobuf: {
    status: 400,
    retry: false,
    title: "The body is not a message of the protocol.",
    remedy: "Send an ExportTraceServiceRequest of OTLP in protobuf, or the same in JSON; the offset says where reading stopped.",
  },
  invalid_request: {
    status: 400,
    retry: false,
    title: "The request does not have the expected shape.",
    remedy: "Compare the named field with the reference of the endpoint; unknown fields are an error in Ballast's own API.",
  },
  invalid_scope: {
    status: 400,
    retry: false,
    title: "A scope has a value that cannot be used.",
    remedy: "Use letters, digits and . _ : @ / + - and space, at most 128 characters.",
  },
  input_not_bounded: {
    status: 400,
    retry: false,
    title: "What this call may cost cannot be known before it is sent.",
    remedy:
      "Send the content itself instead of a reference, leave the named field out, or let an operator set gateway.unbounded_input to hold_context_window, which admits all but a choice of other models.",
  },
  body_too_large: {
    status: 413,
    retry: false,
    title: "The body is larger than this server accepts.",
    remedy: "Send less, or let an operator raise gateway.max_body_bytes.",
  },
  body_too_slow: {
    status: 408,
    retry: true,
    title: "The body did not arrive in time.",
    remedy: "Send the whole body within gateway.body_timeout_ms.",
  },
  headers_too_large: {
    status: 431,
    retry: false,
    title: "The request headers are too large.",
    remedy: "Send fewer or shorter headers; the limit is 16 KiB in all.",
  },
  not_http: { status: 400, retry: false, title: "This is not an HTTP request that can be read.", remedy: "Speak HTTP/1.1 to this port." },
  unsupported_media_type: {
    status: 415,
    retry: false,
    title: "The body has a content type that is not read here.",
    remedy: "Send application/json in UTF-8 without content encoding.",
  },
  route_not_found: {
    status: 404,
    retry: false,
    title: "There is no such address here.",
    remedy: "See /openapi.json for the API and /v1/models for the gateway.",
  },
  method_not_allowed: {
    status: 405,
    retry: false,
    title: "This address does not answer to that method.",
    remedy: "Use the method in the Allow header.",
  },
  not_found: { status: 404, retry: false, title: "There is no such thing.", remedy: "Check the name; list what exists first." },
  // Who is calling
  host_not_allowed: {
    status: 403,
    retry: false,
    title: "This server is for this machine only, and was asked for under another name.",
    remedy: "Use http://127.0.0.1 or http://localhost, or let an operator listen on another address with an admin_token.",
  },
  key_missing: {
    status: 401,
    retry: false,
    title: "No virtual key was sent.",
    remedy: "Send Authorization: Bearer <key> or x-api-key: <key>; make one with `ballast key create`.",
  },
  keys_differ: {
    status: 401,
    retry: false,
    title: "Authorization and x-api-key hold two different keys.",
    remedy: "Send one virtual key, in either header; the same one in both is fine.",
  },
  key_unknown: {
    status: 401,
    retry: false,
    title: "This virtual key is not known.",
    remedy: "Check that the whole key was copied; keys are shown once, make a new one with `ballast key create`.",
  },
  key_revoked: {
    status: 401,
    retry: false,
    title: "This virtual key was revoked.",
    remedy: "Use another key, or make one with `ballast key create`.",
  },
  key_expired: { status: 401, retry: false, title: "This virtual key has expired.", remedy: "Make a new one with `ballast key create`." },
  role_missing: {
    status: 401,
    retry: false,
    title: "This needs the admin token.",
    remedy: "Send Authorization: Bearer <admin token>; it is in the file admin-token of the data folder, or in BALLAST_ADMIN_TOKEN.",
  },
  role_insufficient: { status: 403, retry: false, title: "This token may not do that.", remedy: "Use the admin token." },
  ticket_invalid: {
    status: 401,
    retry: false,
    title: "The ticket in this address is not one of this server.",
    remedy: "Ask POST /ofrep/v1/evaluate/flags again; the address in its answer has a ticket that is.",
  },
  too_many_streams: {
    status: 503,
    retry: true,
    title: "Too many listen for changes of levers already.",
    remedy: "Ask for the flags from time to time instead, or close streams that nobody reads.",
  },
  scope_not_allowed: {
    status: 403,
    retry: false,
    title: "The key does not allow this scope.",
    remedy: "Leave the named header out, or let an operator allow it for the key.",
  },
  model_not_allowed: {
    status: 403,
    retry: false,
    title: "The key does not allow this model.",
    remedy: "Use a model the key allows, see GET /v1/models.",
  },
  // Money
  budget_exhausted: {
    status: 429,
    retry: true,
    title: "AI Budget Exceeded",
    remedy: "Wait for the reset, use a cheaper model or a lower max_tokens, or let an operator raise the budget.",
  },
  cache_only_enforced: {
    status: 429,
    retry: true,
    title: "To save money only calls that were answered before are answered now; there is no earlier answer to this one.",
    remedy:
      "Ask what was asked before, wait until the lever cache_only is turned back, or let an administrator turn it back; calls of priority p0 are answered all the same.",
  },
  budget_cached_only: {
    status: 429,
    retry: true,
    title: "The budget is used up and gives only answers that were given before; there is none for this call.",
    remedy: "Send exactly what was answered before, wait for the reset, or let an operator raise the budget or change its on_short.",
  },
  model_frozen: {
    status: 403,
    retry: false,
    title: "A spending policy has frozen the large model, and no smaller one can take this call.",
    remedy:
      "Ask for a smaller model of its ladder, or wait until the spending named in the details clears the threshold; an approval that the policy names lifts it at once.",
  },
  paced: {
    status: 429,
    retry: true,
    title: "To keep money for calls of priority p0, only a share of the calls of this priority is let through; this one has to wait.",
    remedy:
      "Send it again after the seconds of Retry-After, or with x-ballast-priority: p0 if it cannot wait; an operator may raise the cap of the policy, or turn the levers pace_p2 and pace_p1 back by ballast controls stop.",
  },
  call_deferred: {
    status: 503,
    retry: true,
    title: "A spending policy defers calls of priority p2, and this one may wait.",
    remedy: "Send it again after the seconds of Retry-After, leave x-ballast-defer out, or raise its priority to p1.",
  },
  runaway_throttled: {
    status: 429,
    retry: true,
    title: "This key, run or session spends many times what is usual for it, and is held up until that is over.",
    remedy: "Stop what loops and wait for Retry-After; if it is wanted, let an operator change controls.runaway.",
  },
  model_not_priced: {
    status: 402,
    retry: false,
    title: "No price is known for this model, so its cost cannot be held.",
    remedy: "Add a price for it under prices in ballast.yaml, or use a priced model, see GET /v1/models.",
  },
  model_not_routed: {
    status: 404,
    retry: false,
    title: "No provider is configured for this model.",
    remedy: "Add the model to a provider or a route in ballast.yaml, or use one of GET /v1/models.",
  },
  amount_invalid: {
    status: 400,
    retry: false,
    title: "This is not an amount of money that can be booked.",
    remedy: "Send a decimal number of USD, zero or more, with at most 9 decimal places.",
  },
  import_invalid: {
    status: 400,
    retry: false,
    title: "The file cannot be imported.",
    remedy: "Correct the named lines and send it again; nothing of it was imported.",
  },
  price_file_invalid: {
    status: 400,
    retry: false,
    title: "The price file cannot be used.",
    remedy: "Correct the named figure, or name another file; prices/README.md has the formats.",
  },
  scenario_invalid: {
    status: 400,
    retry: false,
    title: "The scenario cannot be used.",
    remedy: "Correct the named places; docs/concepts/scenarios.md lists what a scenario may say.",
  },
  browser_missing: {
    status: 501,
    retry: false,
    title: "No browser on this machine can draw a picture.",
    remedy: "Install Chromium or Chrome, or write the chart as SVG, which every browser and most editors open.",
  },
  hold_not_found: {
    status: 404,
    retry: false,
    title: "There is no hold in doubt with that id.",
    remedy: "List those that are with `ballast hold list` or GET /api/v1/holds/in-doubt.",
  },
  // Idempotency
  idempotency_key_reused: {
    status: 422,
    retry: false,
    title: "This Idempotency-Key was used for another request.",
    remedy: "Use a new key for a new request.",
  },
  idempotency_in_progress: {
    status: 409,
    retry: true,
    title: "A call with this Idempotency-Key is still running.",
    remedy: "Wait and send it again; the stored answer will be replayed.",
  },
  idempotency_in_doubt: {
    status: 409,
    retry: false,
    title: "The first call with this Idempotency-Key was cut off and may have been billed.",
    remedy: "Use a new key if you want to pay for a new call.",
  },
  idempotency_answer_not_kept: {
    status: 409,
    retry: false,
    title: "The first call with this Idempotency-Key ended, and its answer was not kept.",
    remedy: "It was billed once. Use a new key if you want to pay for a new call; gateway.idempotency_max_bytes bounds what is kept.",
  },
  // The other side
  provider_unavailable: {
    status: 502,
    retry: true,
    title: "The provider could not be reached.",
    remedy: "Try again; `ballast doctor` checks the provider.",
  },
  provider_timeout: {
    status: 504,
    retry: true,
    title: "The provider did not answer in time.",
    remedy: "Try again, or let an operator raise the provider's timeout.",
  },
  provider_answer_malformed: {
    status: 502,
    retry: true,
    title: "The provider's answer could not be read.",
    remedy: "Try again; the call counts as in doubt until its cost is known.",
  },
  provider_answer_too_large: {
    status: 502,
    retry: false,
    title: "The provider's answer is larger than this server accepts.",
    remedy: "Ask for less, or let an operator raise gateway.max_answer_bytes.",
  },
  stream_cut: {
    status: 502,
    retry: true,
    title: "The provider's stream ended before its end.",
    remedy: "Try again; what was produced has been booked.",
  },
  // Ourselves
  store_unavailable: {
    status: 503,
    retry: true,
    title: "The ledger cannot be written now, so no money can be held.",
    remedy: "See the server's log; usually the disk is full or was taken away.",
  },
  hold_too_large: {
    status: 400,
    retry: false,
    title: "The most that this call could cost is more than any single call may.",
    remedy: "State a smaller limit for the answer, such as max_tokens; a million dollars is the most that is held for one call.",
  },
  ledger_contended: {
    status: 503,
    retry: true,
    title: "The budget is not used up, but other calls keep taking what is left of it before this one can.",
    remedy: "Try again. If it happens often the budget is nearly used up and many processes share it: raise it, or run fewer processes.",
  },
  lease_used_up: {
    status: 503,
    retry: true,
    title: "The ledger cannot be written now, and what this process was granted before is used up.",
    remedy: "Try again when the ledger is back; see the server's log. A larger limit gives larger leases.",
  },
  server_stopping: {
    status: 503,
    retry: true,
    title: "The server's first process, which has the API, does not answer: it is stopping or starting.",
    remedy: "Try again in some seconds. If it stays, look at the server's log.",
  },
  process_fenced: {
    status: 503,
    retry: true,
    title: "This server was not heard of for some seconds, so the money it had leased is in doubt; it is coming back.",
    remedy: "Try again. If it stays, look at the connection between the server and the ledger's database, and at the server's log.",
  },
  warehouse_unavailable: {
    status: 503,
    retry: true,
    title: "The warehouse cannot answer now.",
    remedy: "Calls and budgets go on; traces wait in the outbox. `ballast doctor` says what is wrong.",
  },
  warehouse_missing: {
    status: 503,
    retry: false,
    title: "The embedded warehouse is not installed on this machine.",
    remedy: "Install the optional package chdb (Linux and macOS), or point stores.warehouse at a ClickHouse server.",
  },
  data_dir_in_use: {
    status: 503,
    retry: false,
    title: "Another process has this data folder open.",
    remedy: "Stop it, or choose another data_dir.",
  },
  data_corrupt: {
    status: 500,
    retry: false,
    title: "The stored data contradicts itself.",
    remedy: "Keep the data folder as it is and run `ballast verify`.",
  },
  address_in_use: {
    status: 503,
    retry: false,
    title: "Something else listens on this address.",
    remedy: "Stop it, or choose another port with --port or listen.port.",
  },
  config_invalid: {
    status: 400,
    retry: false,
    title: "The configuration cannot be used.",
    remedy: "Correct the named line; `ballast validate` checks a file without starting.",
  },
  policy_invalid: {
    status: 400,
    retry: false,
    title: "The policy cannot be used.",
    remedy:
      "Correct the named places; docs/reference/policy.md lists what a policy and its tests may say, `ballast validate` checks a file.",
  },
  server_unreachable: {
    status: 503,
    retry: true,
    title: "No Ballast server answers at this address.",
    remedy: "Start one with `npm start`, or name it with --url.",
  },
  shutting_down: { status: 503, retry: true, title: "The server is stopping.", remedy: "Try again in a moment." },
  internal: {
    status: 500,
    retry: true,
    title: "Something went wrong inside Ballast.",
    remedy: "The server's log has the details under this trace id; please report it.",
  },
} as const satisfies Record<string, ProblemEntry>;

export type ProblemCode = keyof typeof PROBLEMS;
