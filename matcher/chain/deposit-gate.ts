import type { JsonRpcProvider } from "ethers";
import { usdFromMicroUsd } from "../protocol/decimal.ts";
import { EXCHANGE } from "./contract-interfaces.ts";

export interface DepositGateOptions {
  readonly provider: JsonRpcProvider;
  readonly exchange: string;
  readonly pollMs?: number;
}

/** What the Exchange takes in, USD. */
export interface DepositGateStatus {
  /** Least deposit. */
  readonly minimum: string;
  /** Most that may be in the Exchange: deposits that wait for a batch, and the pool. */
  readonly cap: string;
  readonly total: string;
  /** What may still come in. */
  readonly room: string;
}

const DEFAULT_POLL_MS = 5_000;

/** Looks at the Exchange's deposit limits now and then, to tell them; it is the contract that judges by them. */
export class DepositGate {
  readonly #options: DepositGateOptions;
  #status: DepositGateStatus | null = null;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: DepositGateOptions) {
    this.#options = options;
  }

  /** As last seen; null before that. */
  status(): DepositGateStatus | null {
    return this.#status;
  }

  /** Looks for the first time, and goes on. */
  async start(): Promise<void> {
    await this.#look().catch(() => {});
    if (!this.#stopped) {
      this.#timer = setTimeout(() => this.start(), this.#options.pollMs ?? DEFAULT_POLL_MS).unref();
    }
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    const [limits, vault] = await Promise.all([this.#ask("depositLimits"), this.#ask("vault")]);
    const [minimumMicroUsd, capMicroUsd] = limits as [bigint, bigint];
    const [queuedMicroUsd, settledMicroUsd] = vault as [bigint, bigint];
    const totalMicroUsd = queuedMicroUsd + settledMicroUsd;
    const roomMicroUsd = capMicroUsd > totalMicroUsd ? capMicroUsd - totalMicroUsd : 0n;
    this.#status = {
      minimum: usdFromMicroUsd(minimumMicroUsd),
      cap: usdFromMicroUsd(capMicroUsd),
      total: usdFromMicroUsd(totalMicroUsd),
      room: usdFromMicroUsd(roomMicroUsd),
    };
  }

  async #ask(method: "depositLimits" | "vault"): Promise<bigint[]> {
    const { provider, exchange } = this.#options;
    const data = await provider.call({ to: exchange, data: EXCHANGE.encodeFunctionData(method) });
    return [...EXCHANGE.decodeFunctionResult(method, data)] as bigint[];
  }
}
