import { type ErrorDescription, type Interface, isCallException, isError } from "ethers";
import { ESCAPE, EXCHANGE, PRICE_ORACLE, TEST_DOLLAR } from "./contract-interfaces.ts";

/** A contract refused a transaction. */
export class RevertError extends Error {
  override readonly name = "RevertError";
  /** Name of the custom error, or undefined when it is none that we know. */
  readonly errorName: string | undefined;
  constructor(label: string, errorName: string | undefined, reason: string) {
    super(`${label} was refused by the contract: ${reason}`);
    this.errorName = errorName;
  }
}

/** Sends do not decode custom errors: the bytes are somewhere inside of what the library throws. */
function dataOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { data, info, error: inner } = error as { data?: unknown; info?: { error?: unknown }; error?: unknown };
  if (typeof data === "string" && /^0x([0-9a-f]{2})*$/i.test(data)) return data;
  if (typeof data === "object") return dataOf(data);
  return dataOf(info?.error) ?? dataOf(inner);
}

function parse(interfaces: readonly Interface[], data: string): ErrorDescription | undefined {
  for (const candidate of interfaces) {
    try {
      const parsed = candidate.parseError(data);
      if (parsed !== null) return parsed;
    } catch {
      // Not one of this contract's.
    }
  }
  return undefined;
}

/** True when the chain answered that the call reverts; false when it did not answer, or for any other reason. */
export function isRevert(error: unknown): boolean {
  return isCallException(error) || (!isError(error, "NETWORK_ERROR") && dataOf(error) !== undefined);
}

/** What a contract said, with the values of its custom error. @param label what was tried, to begin the sentence with. */
export function revertError(label: string, error: unknown): RevertError {
  const data = dataOf(error);
  const known = data === undefined ? undefined : parse([EXCHANGE, PRICE_ORACLE, TEST_DOLLAR, ESCAPE], data);
  if (known !== undefined) {
    const values = known.fragment.inputs.map(({ name }, i) => `${name} = ${known.args[i]}`);
    return new RevertError(label, known.name, `${known.name}(${values.join(", ")})`);
  }
  const message = error instanceof Error ? error.message : String(error);
  return new RevertError(label, undefined, data === undefined || data === "0x" ? message : `unknown error ${data}`);
}
