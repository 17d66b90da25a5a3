import { type TSchema, Type } from "typebox";
import { Compile } from "typebox/compile";
import type { WireCancelAllRequest, WireCancelRequest, WireOrderRequest } from "../protocol/api-wire.ts";
import type { WireStreamRequest } from "../protocol/stream-wire.ts";
import {
  WireCancelAllRequest as CancelAllBody,
  WireCancelRequest as CancelBody,
  WireOrderRequest as OrderBody,
} from "../protocol/wire/order.ts";
import {
  WirePing,
  WireStreamLogin,
  WireStreamLogout,
  WireStreamPlace,
  WireSubscribe,
  WireTokenLogin,
  WireUnsubscribe,
} from "../protocol/wire/stream-request.ts";
import { Rejection } from "./api-error.ts";
import { parseJsonBody } from "./json-body.ts";
import { rejectionOf } from "./rejection-of.ts";
import type { SchemaViolation } from "./schema.ts";

/** A request whose shape is right. */
export type StreamRequest = Exclude<WireStreamRequest, { body: unknown }> | StreamOrderRequest;

export type StreamOrderRequest =
  | { type: "place" | "amend"; id: string | number; body: WireOrderRequest }
  | { type: "cancel"; id: string | number; body: WireCancelRequest }
  | { type: "cancel-all"; id: string | number; body: WireCancelAllRequest };

interface Shape {
  check(value: unknown): void;
}

/** Throws what the same violation in a body over HTTP is refused with. */
function shapeOf(schema: TSchema): Shape {
  const compiled = Compile(schema);
  return {
    check(value) {
      if (compiled.Check(value)) return;
      const errors = compiled.Errors(value) as unknown as SchemaViolation[];
      // A field that is not known is told of twice; the second time says its name.
      const violation = errors.find(({ keyword }) => keyword === "additionalProperties") ?? errors[0];
      throw rejectionOf({ validation: [named(violation as SchemaViolation)] });
    },
  };
}

/** With the names that the other schema compiler has for the same things. */
function named(violation: SchemaViolation): SchemaViolation {
  const { requiredProperties, additionalProperties } = violation.params as Record<string, string[] | undefined>;
  const params = {
    ...violation.params,
    missingProperty: requiredProperties?.[0],
    additionalProperty: additionalProperties?.[0],
  };
  return { ...violation, params };
}

/** The envelope of an order; its body is judged by itself, so that fields are named as they are over HTTP. */
const orderFrame = shapeOf(
  Type.Object(
    { type: Type.String(), id: WireStreamPlace.properties.id, body: Type.Unknown() },
    { additionalProperties: false },
  ),
);
const bodies: Record<StreamOrderRequest["type"], Shape> = {
  place: shapeOf(OrderBody),
  amend: shapeOf(OrderBody),
  cancel: shapeOf(CancelBody),
  "cancel-all": shapeOf(CancelAllBody),
};
const frames = {
  subscribe: shapeOf(WireSubscribe),
  unsubscribe: shapeOf(WireUnsubscribe),
  logout: shapeOf(WireStreamLogout),
  ping: shapeOf(WirePing),
};
const signedLogin = shapeOf(WireStreamLogin);
const tokenLogin = shapeOf(WireTokenLogin);

/** What a message says, before its shape is judged. @throws Rejection MALFORMED */
export function parseStreamMessage(bytes: Uint8Array): Record<string, unknown> {
  const value = parseJsonBody(bytes);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Rejection("MALFORMED", { detail: "a message is a JSON object" });
  }
  return value as Record<string, unknown>;
}

/** The request's own name, if it is one that can be borne by an answer. */
export function requestId({ id }: Record<string, unknown>): string | number | null {
  if (typeof id === "string" && id.length <= 64) return id;
  return typeof id === "number" && Number.isSafeInteger(id) && id >= 0 ? id : null;
}

/** @throws Rejection */
export function streamRequest(value: Record<string, unknown>): StreamRequest {
  const { type } = value;
  if (typeof type !== "string") throw new Rejection("MISSING_FIELD", { field: "type", detail: "type is missing" });
  if (Object.hasOwn(bodies, type)) {
    orderFrame.check(value);
    bodies[type as StreamOrderRequest["type"]].check(value.body);
  } else if (type === "login") (Object.hasOwn(value, "token") ? tokenLogin : signedLogin).check(value);
  else if (Object.hasOwn(frames, type)) frames[type as keyof typeof frames].check(value);
  else {
    const shown = JSON.stringify(type.slice(0, 40));
    throw new Rejection("MALFORMED", { field: "type", detail: `there is no request of type ${shown}` });
  }
  return value as unknown as StreamRequest;
}
