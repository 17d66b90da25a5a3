import type { EscapeStep } from "../../matcher/escape/escape-run.ts";

const WHAT: Readonly<Record<EscapeStep["what"], string>> = {
  freeze: "exchange frozen",
  state: "state pinned",
  epochs: "epochs pinned",
  prices: "prices pinned, claims may be filed",
  leaves: "accounts filed",
  payments: "accounts paid",
  insurance: "insurance fund paid",
  deposits: "deposits given back",
  claims: "owners looked at for their claims",
};

/** A line for every transaction: what is done, and how much of how much. */
export function escapeProgress(stream: NodeJS.WritableStream = process.stderr): (step: EscapeStep) => void {
  return ({ what, done, of }) => stream.write(`  ${WHAT[what]}${of > 1 ? `: ${done} of ${of}` : ""}\n`);
}
