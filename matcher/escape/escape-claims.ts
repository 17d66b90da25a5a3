import { ESCAPE, EXCHANGE } from "../chain/contract-interfaces.ts";
import { type LogSource, logPages } from "../rebuild/log-pages.ts";

/** What the escape's events say of claims. */
export interface FiledClaims {
  /** L1 owner by account. */
  readonly ownerOf: ReadonlyMap<number, string>;
  readonly equityMicroUsd: ReadonlyMap<number, bigint>;
  readonly paidMicroUsd: ReadonlyMap<number, bigint>;
  /** Entries of the queue that were given back. */
  readonly reclaimed: ReadonlySet<number>;
}

export interface ClaimRange {
  readonly fromBlock: number;
  readonly toBlock: number;
  readonly rangeBlocks: number;
}

/** Reads who filed and who is paid, so that whoever comes later goes on where others stopped. */
export async function readClaims(
  provider: LogSource,
  { exchange, escape: wayOut }: { readonly exchange: string; readonly escape: string },
  range: ClaimRange,
): Promise<FiledClaims> {
  const ownerOf = new Map<number, string>();
  const equityMicroUsd = new Map<number, bigint>();
  const paidMicroUsd = new Map<number, bigint>();
  const reclaimed = new Set<number>();
  for await (const { logs } of logPages(provider, wayOut, range)) {
    for (const log of logs) {
      const event = ESCAPE.parseLog(log);
      if (event === null) continue;
      const account = Number(event.args.account ?? 0);
      if (event.name === "ClaimFiled") {
        ownerOf.set(account, event.args.owner);
        equityMicroUsd.set(account, event.args.equityMicroUsd);
      } else if (event.name === "ClaimPaid") paidMicroUsd.set(account, event.args.amountMicroUsd);
    }
  }
  for await (const { logs } of logPages(provider, exchange, range)) {
    for (const log of logs) {
      const event = EXCHANGE.parseLog(log);
      if (event?.name === "DepositReclaimed") reclaimed.add(Number(event.args.index));
    }
  }
  return { ownerOf, equityMicroUsd, paidMicroUsd, reclaimed };
}
