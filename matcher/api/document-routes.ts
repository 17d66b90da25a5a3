import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { Anything } from "../protocol/wire/field.ts";
import { asyncApiDocument } from "./asyncapi.ts";
import { type DocumentedRoute, type JsonObject, openApiDocument } from "./openapi.ts";
import { openApiPage, PAGE_POLICY } from "./openapi-page.ts";
import { type RouteSchema, route } from "./route-schema.ts";
import { NoQuery } from "./schema.ts";

/** Version of the API, which its paths begin with. */
const VERSION = "1";

/** Remembers every route that is registered from here on. */
export function collectRoutes(app: FastifyInstance): DocumentedRoute[] {
  const routes: DocumentedRoute[] = [];
  app.addHook("onRoute", ({ method, path, schema }) => {
    const name = String(method).toLowerCase();
    // HEAD comes with every GET by itself.
    if (name === "get" || name === "post")
      routes.push({ method: name, path, schema: schema as unknown as RouteSchema });
  });
  return routes;
}

/** The document of all routes, for programs and for people. */
export function documentRoutes(app: FastifyInstance, routes: readonly DocumentedRoute[]): void {
  let document: JsonObject | undefined;
  let streams: JsonObject | undefined;
  /** Made when it is first asked for: by then every route is there. */
  const made = () => {
    document ??= openApiDocument(routes, VERSION);
    return document;
  };

  app.get(
    "/v1/openapi.json",
    route({ summary: "This document.", tag: "document", querystring: NoQuery, answer: Anything }),
    (): JsonObject => made(),
  );

  app.get(
    "/v1/asyncapi.json",
    route({ summary: "The streams, in the same way.", tag: "document", querystring: NoQuery, answer: Anything }),
    (): JsonObject => {
      streams ??= asyncApiDocument(VERSION);
      return streams;
    },
  );

  app.get(
    "/docs",
    route({ summary: "This document as a page.", tag: "document", querystring: NoQuery, answer: Type.String() }),
    (_request, reply) => {
      reply
        .header("content-security-policy", PAGE_POLICY)
        .header("x-content-type-options", "nosniff")
        .type("text/html; charset=utf-8");
      return reply.serializer((page) => String(page)).send(openApiPage(made()));
    },
  );
}
