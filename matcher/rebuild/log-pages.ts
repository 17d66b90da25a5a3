import type { JsonRpcProvider, Log } from "ethers";

/** What a rebuild asks of a chain. */
export type LogSource = Pick<JsonRpcProvider, "getLogs" | "getBlock" | "getBlockNumber" | "call">;

/** Logs of some blocks, whole blocks only. */
export interface LogPage {
  readonly logs: readonly Log[];
  readonly lastBlock: number;
}

/**
 * A contract's logs in order. Servers limit what one answer may hold, each in its own way: a range that is refused is asked for again in
 * halves, and ranges grow again after an answer.
 * @throws what the server says of a single block
 */
export async function* logPages(
  provider: LogSource,
  address: string,
  { fromBlock, toBlock, rangeBlocks }: { fromBlock: number; toBlock: number; rangeBlocks: number },
): AsyncGenerator<LogPage> {
  let range = rangeBlocks;
  for (let from = fromBlock; from <= toBlock; ) {
    const lastBlock = Math.min(toBlock, from + range - 1);
    let logs: Log[];
    try {
      logs = await provider.getLogs({ address, fromBlock: from, toBlock: lastBlock });
    } catch (error) {
      if (range === 1) throw error;
      range = Math.ceil(Math.min(range, lastBlock - from + 1) / 2);
      continue;
    }
    yield { logs, lastBlock };
    from = lastBlock + 1;
    range = Math.min(rangeBlocks, range * 2);
  }
}
