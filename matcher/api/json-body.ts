import { Rejection } from "./api-error.ts";

/** Nothing that the API takes is nested deeper than a signature in an order of a batch. */
export const JSON_DEPTH_MAX = 4;

const [QUOTE, BACKSLASH, COLON] = [0x22, 0x5c, 0x3a];
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/** What the bytes of a body tell before anything is built from them: one pass. */
interface Outline {
  tooDeep: boolean;
  /** Colons outside of strings: names of fields. */
  names: number;
}

function outlineOf(bytes: Uint8Array, depthMax: number): Outline {
  let depth = 0;
  let names = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (inString) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === COLON) names += 1;
    else if (OPENING.has(byte)) {
      depth += 1;
      if (depth > depthMax) return { tooDeep: true, names };
    } else if (CLOSING.has(byte)) depth -= 1;
  }
  return { tooDeep: false, names };
}

/** Fields of a value and of everything in it. */
function fieldCount(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const items = Object.values(value);
  let count = Array.isArray(value) ? 0 : items.length;
  for (const item of items) count += fieldCount(item);
  return count;
}

/** Reads a body. @throws Rejection MALFORMED for bytes that are no UTF-8, no JSON, nested too deeply, or name a field twice */
export function parseJsonBody(bytes: Uint8Array): unknown {
  const { tooDeep, names } = outlineOf(bytes, JSON_DEPTH_MAX);
  if (tooDeep) throw new Rejection("MALFORMED", { detail: `the body nests deeper than ${JSON_DEPTH_MAX}` });
  let text: string;
  try {
    text = UTF_8.decode(bytes);
  } catch {
    throw new Rejection("MALFORMED", { detail: "the body is not UTF-8" });
  }
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Rejection("MALFORMED", { detail: "the body is not JSON" });
  }
  // Of a field that is named twice the reader keeps one: the sender may have meant the other.
  if (fieldCount(body) !== names) throw new Rejection("MALFORMED", { detail: "the body names a field twice" });
  return body;
}

const UTF_8 = new TextDecoder("utf-8", { fatal: true });
