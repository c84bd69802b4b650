/** An address that providers have and the gateway does not, as its beginning, and why. */
export interface UnservedPath {
  readonly path: string;
  readonly why: string;
}

/** Nothing below is passed on, so that no call leaves without a hold. A longer beginning stands before a shorter one. */
export const UNSERVED_PATHS: readonly UnservedPath[] = [
  { path: "/v1/completions", why: "The old completions are not read here; `/v1/chat/completions` is." },
  {
    path: "/v1/messages/count_tokens",
    why: "Counting costs nothing and needs no hold; ask the provider, or read the usage of the answer.",
  },
  { path: "/v1/messages/batches", why: "A batch is billed when it ends, up to a day later and past the call that began it." },
  { path: "/v1/batches", why: "A batch is billed when it ends, up to a day later and past the call that began it." },
  { path: "/v1/files", why: "What a file holds is not in the call that names it, so that call is not bounded." },
  { path: "/v1/uploads", why: "What a file holds is not in the call that names it, so that call is not bounded." },
  { path: "/v1/vector_stores", why: "Stores are billed by the day, whoever calls." },
  { path: "/v1/containers", why: "Containers are billed by the time they run." },
  { path: "/v1/responses/", why: "A stored response is read or ended there; answers are given once, to the call that asked." },
  { path: "/v1/conversations", why: "What a conversation holds is not in the call that names it, so that call is not bounded." },
  { path: "/v1/assistants", why: "Assistants and threads keep the input with the provider, so their runs are not bounded." },
  { path: "/v1/threads", why: "Assistants and threads keep the input with the provider, so their runs are not bounded." },
  { path: "/v1/audio", why: "Speech and transcription are billed by the second or the letter, which are not read here." },
  { path: "/v1/realtime", why: "A session has no end that a hold could cover." },
  { path: "/v1/images", why: "Pictures are billed by size and quality, which are not read here." },
  { path: "/v1/videos", why: "Films are billed by the second, and end later than their call." },
  { path: "/v1/fine_tuning", why: "Training is billed when it ends." },
  { path: "/v1/moderations", why: "Moderation is free and needs no hold; ask the provider." },
  { path: "/v1/rerank", why: "Reranking is billed by the search, which is not read here." },
  { path: "/v1/models/", why: "One model cannot be asked for; `GET /v1/models` lists all." },
];

/** Why an address is not served, where providers have it. */
export function whyUnserved(path: string): string | undefined {
  return UNSERVED_PATHS.find((entry) => path === entry.path || path.startsWith(entry.path.endsWith("/") ? entry.path : `${entry.path}/`))
    ?.why;
}
