import { Rejection } from "./api-error.ts";

/** Nothing that the API takes is nested deeper than a signature in an order. */
export const JSON_DEPTH_MAX = 4;

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/** Whether brackets outside of strings nest deeper than allowed. Runs over the bytes once, before anything is built from them. */
export function isTooDeep(bytes: Uint8Array, depthMax = JSON_DEPTH_MAX): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (inString) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (OPENING.has(byte)) {
      depth += 1;
      if (depth > depthMax) return true;
    } else if (CLOSING.has(byte)) depth -= 1;
  }
  return false;
}

/** Reads a body. @throws Rejection MALFORMED for bytes that are no UTF-8, no JSON, or nested too deeply */
export function parseJsonBody(bytes: Uint8Array): unknown {
  if (isTooDeep(bytes)) throw new Rejection("MALFORMED", { detail: `the body nests deeper than ${JSON_DEPTH_MAX}` });
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Rejection("MALFORMED", { detail: "the body is not UTF-8" });
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new Rejection("MALFORMED", { detail: "the body is not JSON" });
  }
}
