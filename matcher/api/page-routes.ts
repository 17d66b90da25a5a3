import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Rejection } from "./api-error.ts";
import type { Encoding, PageFile, PageFiles } from "./page-files.ts";

/**
 * What the page may do: run and show what came with it, and ask this very host. Whatever a market's name or another text from elsewhere
 * would smuggle in has nowhere to come from and nowhere to go to.
 */
export const TRADING_PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  // Wallets announce themselves with pictures as data.
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

const HEADERS = {
  "content-security-policy": TRADING_PAGE_POLICY,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
  vary: "accept-encoding",
};

/** A file whose name is its hash. */
const FOR_EVER = "public, max-age=31536000, immutable";
/** Asked for each time, so that a new build is seen at once. */
const EACH_TIME = "no-cache";

/** The trading page. */
export function pageRoutes(app: FastifyInstance, page: PageFiles): void {
  const config = { budget: "free", session: false } as const;

  app.get("/", { config }, (request, reply) => send(request, reply, page.index, EACH_TIME));

  app.get<{ Params: { name: string } }>("/assets/:name", { config }, (request, reply) => {
    const file = page.assets.get(request.params.name);
    if (file === undefined) throw new Rejection("NOT_FOUND");
    return send(request, reply, file, FOR_EVER);
  });
}

function send({ headers }: FastifyRequest, reply: FastifyReply, file: PageFile, caching: string): FastifyReply {
  const encoding = acceptedEncoding(headers["accept-encoding"], file);
  reply.headers(HEADERS).header("cache-control", caching).type(file.type);
  if (encoding !== "identity") reply.header("content-encoding", encoding);
  return reply.send(file.bodies[encoding]);
}

/** The smallest form that a browser takes. @param accepted the header Accept-Encoding */
export function acceptedEncoding(accepted: string | undefined, { bodies }: PageFile): Encoding {
  const refused = /;\s*q=0(\.0*)?$/;
  const offers = new Set(
    (accepted ?? "")
      .split(",")
      .map((offer) => offer.trim())
      .filter((offer) => !refused.test(offer))
      .map((offer) => offer.split(";", 1)[0]?.toLowerCase()),
  );
  for (const encoding of ["br", "gzip"] as const) {
    if (bodies[encoding] !== undefined && offers.has(encoding)) return encoding;
  }
  return "identity";
}
