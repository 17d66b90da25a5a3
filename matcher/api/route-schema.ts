import type { TSchema } from "typebox";
import { WireError } from "../protocol/wire/error.ts";
import type { RouteBudget } from "./rate-limits.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** What a request is charged to. */
    budget?: RouteBudget;
    /** The request needs a session. */
    session?: boolean;
  }
}

/** Chapters of the document. */
export const TAGS = {
  markets: "What is the same for everybody.",
  account: "One account: what every batch publishes of it is public, the rest needs a session.",
  orders: "Placing, amending and cancelling. Everything that trades is signed by the account's trading key.",
  payments: "Money that leaves an account.",
  session: "Sessions for reading what is private.",
  exchange: "The exchange itself: time, status, batches.",
  document: "This document.",
} as const;

export interface RouteWords {
  summary: string;
  tag: keyof typeof TAGS;
  budget?: RouteBudget;
  session?: boolean;
  params?: TSchema;
  querystring?: TSchema;
  body?: TSchema;
  /** What the document says of a body whose parts are judged one by one. */
  documentedBody?: TSchema;
  /** Of 200. */
  answer: TSchema;
  /** What an answer is written in, when not in JSON. */
  media?: string;
}

/** What fastify validates requests with and writes answers by, and what the document tells. */
export interface RouteSchema {
  summary: string;
  tags: string[];
  security: Record<string, string[]>[];
  params?: TSchema;
  querystring?: TSchema;
  body?: TSchema;
  documentedBody?: TSchema;
  media?: string;
  response: Record<string, TSchema>;
}

export function route({ summary, tag, budget = "read", session = false, answer, ...request }: RouteWords): {
  schema: RouteSchema;
  config: { budget: RouteBudget; session: boolean };
} {
  return {
    schema: {
      summary,
      tags: [tag],
      security: session ? [{ session: [] }] : [],
      ...request,
      response: { 200: answer, "4xx": WireError, "5xx": WireError },
    },
    config: { budget, session },
  };
}
