const SHOWN_HEADERS = "ratelimit-limit, ratelimit-remaining, ratelimit-reset, retry-after";
const PREFLIGHT_SECONDS = "600";

export type PreflightAnswer = Record<
  "access-control-allow-methods" | "access-control-allow-headers" | "access-control-max-age",
  string
>;

/**
 * Lets pages of other origins ask. Nothing here is granted by a cookie or an address, only by signatures and tokens that a page must hold
 * itself, so that by default any may.
 * @param origins those that may; all when absent
 * @returns headers of the answer
 */
export function originAllowed(origin: string, origins?: readonly string[]): Record<string, string> {
  if (origins !== undefined && !origins.includes(origin)) return { vary: "origin" };
  return {
    ...(origins === undefined ? {} : { vary: "origin" }),
    "access-control-allow-origin": origins === undefined ? "*" : origin,
    "access-control-expose-headers": SHOWN_HEADERS,
  };
}

/** What pages may send. */
export function preflightAnswer(): PreflightAnswer {
  return {
    "access-control-allow-methods": "GET, POST",
    "access-control-allow-headers": "authorization, content-type",
    "access-control-max-age": PREFLIGHT_SECONDS,
  };
}
