import type { TSchema } from "typebox";
import * as account from "../protocol/wire/account.ts";
import * as batch from "../protocol/wire/batch-request.ts";
import * as error from "../protocol/wire/error.ts";
import * as field from "../protocol/wire/field.ts";
import * as funding from "../protocol/wire/funding.ts";
import * as history from "../protocol/wire/history.ts";
import * as liquidation from "../protocol/wire/liquidation.ts";
import * as margin from "../protocol/wire/margin.ts";
import * as market from "../protocol/wire/market.ts";
import * as order from "../protocol/wire/order.ts";
import * as page from "../protocol/wire/page.ts";
import * as payment from "../protocol/wire/payment.ts";
import * as receipt from "../protocol/wire/receipt.ts";
import * as session from "../protocol/wire/session.ts";
import * as status from "../protocol/wire/status.ts";
import * as streamData from "../protocol/wire/stream-data.ts";
import * as streamMessage from "../protocol/wire/stream-message.ts";
import * as streamRequest from "../protocol/wire/stream-request.ts";
import { type RouteSchema, TAGS } from "./route-schema.ts";

/** A route as it was registered. */
export interface DocumentedRoute {
  readonly method: "get" | "post";
  readonly path: string;
  readonly schema: RouteSchema;
}

/** JSON. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type JsonObject = { [name: string]: Json };

const MODULES = [
  account,
  batch,
  error,
  field,
  funding,
  history,
  liquidation,
  margin,
  market,
  order,
  page,
  payment,
  receipt,
  session,
  status,
  streamData,
  streamMessage,
  streamRequest,
];

/** Names of the schemas that are shown as components: those that modules of protocol/wire export under a name that begins so. */
const NAMES = new Map<object, string>(
  MODULES.flatMap((module) => Object.entries(module))
    .filter(([name, value]) => name.startsWith("Wire") && typeof value === "object")
    .map(([name, value]) => [value as object, name]),
);

/** The OpenAPI document of the API: made from the very schemas that requests are validated with and answers are written by. */
export function openApiDocument(routes: readonly DocumentedRoute[], version: string): JsonObject {
  const components: JsonObject = {};
  const paths: { [path: string]: JsonObject } = {};
  for (const { method, path, schema } of routes) {
    const shown = path.replace(/:(\w+)/g, "{$1}");
    paths[shown] = { ...paths[shown], [method]: operation(schema, components) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Clearbook",
      version,
      description:
        "Perpetual futures with proven settlement. Prices, sizes and amounts are exact decimal strings; times end in Ms or Seconds. Every refusal has a stable code, the field, a message and a remedy. Rate limits: RateLimit-Limit, -Remaining and -Reset tell the bucket, Retry-After when to ask again; cancels are not limited.",
    },
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(components).sort(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: {
        session: { type: "http", scheme: "bearer", description: "Token of POST /v1/login." },
      },
    },
  };
}

function operation(schema: RouteSchema, components: JsonObject): JsonObject {
  const body = schema.documentedBody ?? schema.body;
  const written = (of: TSchema, media: string): JsonObject => ({ [media]: { schema: shownSchema(of, components) } });
  const json = (of: TSchema) => written(of, "application/json");
  const answers = Object.entries(schema.response).map(([status, answer]): [string, Json] => {
    const description =
      { "4xx": "Refused: code, field, message and remedy.", "5xx": "Retry later." }[status] ?? "Done.";
    const content = status === "200" ? written(answer, schema.media ?? "application/json") : json(answer);
    return [status.toUpperCase(), { description, content }];
  });
  const { summary, tags, security } = schema;
  return {
    summary,
    tags,
    ...(security.length === 0 ? {} : { security: security as Json }),
    parameters: [...parameters("path", schema.params), ...parameters("query", schema.querystring)],
    ...(body === undefined ? {} : { requestBody: { required: true, content: json(body) } }),
    responses: Object.fromEntries(answers),
  };
}

function parameters(place: "path" | "query", schema: TSchema | undefined): JsonObject[] {
  const { properties = {}, required = [] } = (schema ?? {}) as {
    properties?: Record<string, object>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, value]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    schema: plain(value),
  }));
}

/** A schema with those inside that have a name taken out into the components. */
export function shownSchema(schema: object, components: JsonObject): Json {
  const name = NAMES.get(schema);
  if (name === undefined) return inlined(schema, components);
  if (components[name] === undefined) {
    // Its place is taken first: nothing is written twice.
    components[name] = {};
    components[name] = inlined(schema, components);
  }
  return { $ref: `#/components/schemas/${name}` };
}

function inlined(schema: object, components: JsonObject): Json {
  const shown: JsonObject = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === "properties") {
      const fields = Object.entries(value as Record<string, object>);
      shown.properties = Object.fromEntries(fields.map(([name, field]) => [name, shownSchema(field, components)]));
    } else if (key === "items" && Array.isArray(value)) shown.prefixItems = plain(value);
    else if (key === "items") shown.items = shownSchema(value as object, components);
    else if (key === "anyOf") shown.anyOf = (value as object[]).map((choice) => shownSchema(choice, components));
    else shown[key] = plain(value);
  }
  return shown;
}

/** Without what a schema carries beside JSON. */
function plain(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}
