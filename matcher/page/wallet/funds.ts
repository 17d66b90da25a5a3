import { effect, type Signal, signal } from "@preact/signals";
import { microUsdFromUsd, usdFromMicroUsd } from "../../protocol/decimal.ts";
import type { Queued } from "../../sdk/onchain.ts";
import type { ExchangeLink } from "../exchange/link.ts";
import type { Passage, Progress } from "./passage.ts";
import type { Trading, WalletDesk } from "./wallet-desk.ts";
import { problemText } from "./wallet-problem.ts";

export type DepositWay = "permit" | "approve";

const KEPT_MAX = 20;

interface WatcherStatus {
  readonly cursorBlock?: number;
}

/** Money on its way between the wallet and the account. */
export class Funds {
  /** Tokens in the wallet; null while that is not known. */
  readonly balanceMicroUsd: Signal<bigint | null> = signal(null);
  /** What the contract would pay to the wallet now. */
  readonly claimableMicroUsd: Signal<bigint | null> = signal(null);
  /** Deposits of this device, newest first. */
  readonly passages: Signal<readonly Passage[]> = signal([]);
  /** What is waited for, in words. */
  readonly waiting: Signal<string | null> = signal(null);
  readonly problem: Signal<string | null> = signal(null);
  private readonly link: ExchangeLink;
  private readonly wallet: WalletDesk;
  private turn = 0;

  constructor(link: ExchangeLink, wallet: WalletDesk) {
    this.link = link;
    this.wallet = wallet;
    effect(() => {
      const trading = wallet.trading.value;
      this.giveUp();
      this.problem.value = null;
      this.balanceMicroUsd.value = null;
      this.claimableMicroUsd.value = null;
      this.passages.value = trading === null ? [] : stored(keyOf(trading));
    });
    // A proof may have made a withdrawal claimable.
    effect(() => {
      const trading = wallet.trading.value;
      if (trading !== null && trading.feed.proofs.value >= 0) void this.look();
    });
  }

  /** What is known of the way of deposits. */
  progress({ feed }: Trading): Progress {
    const status = this.link.status.value;
    const watcher = (status?.chain as { watcher?: WatcherStatus } | undefined)?.watcher;
    return {
      confirmedBlock: watcher?.cursorBlock ?? 0,
      queueCursor: status?.queueCursor ?? 0,
      deposits: feed.payments.value.deposits,
    };
  }

  /** Asks L1, through the wallet. No answer leaves what was known. */
  async look(): Promise<void> {
    const trading = this.wallet.trading.peek();
    if (trading === null) return;
    const { onchain } = trading;
    const [balance, claimable] = await Promise.all([onchain.balanceMicroUsd(), onchain.claimableMicroUsd()]).catch(
      () => [null, null],
    );
    if (balance === null || claimable === null || this.wallet.trading.peek() !== trading) return;
    this.balanceMicroUsd.value = balance;
    this.claimableMicroUsd.value = claimable;
  }

  /** @param amount USD, a plain decimal. @returns whether it is in L1's queue */
  deposit(amount: string, way: DepositWay): Promise<boolean> {
    const words =
      way === "permit"
        ? "Sign the permit in the wallet, then confirm the deposit"
        : "Confirm the approval in the wallet, then the deposit";
    return this.attempt(words, async ({ client, onchain }) => {
      const microUsd = microUsdFromUsd(amount);
      const queued =
        way === "permit"
          ? await onchain.depositWithPermit(client.account, microUsd)
          : await onchain.deposit(client.account, microUsd);
      await this.note(usdFromMicroUsd(microUsd), queued);
    });
  }

  /** Signed with the trading key: the wallet is not asked. */
  withdraw(amount: string): Promise<boolean> {
    return this.attempt("Sending the withdrawal", async ({ client }) => {
      await client.withdraw(amount);
    });
  }

  claim(): Promise<boolean> {
    return this.attempt("Confirm the claim in the wallet", async ({ onchain }) => {
      await onchain.claim();
    });
  }

  /** Test dollars, on a development chain. */
  mint(amount: string): Promise<boolean> {
    return this.attempt("Confirm in the wallet", async ({ onchain }) => {
      await onchain.mintTestDollars(microUsdFromUsd(amount));
    });
  }

  /** Waits no longer. A transaction that is confirmed in the wallet later is seen when L1 has it. */
  giveUp(): void {
    this.turn += 1;
    this.waiting.value = null;
  }

  private async note(amount: string, { txHash, queueIndex }: Queued): Promise<void> {
    const trading = this.wallet.trading.peek();
    if (trading === null) return;
    const receipt = await trading.onchain.signer.provider?.getTransactionReceipt(txHash);
    const passage = { amount, txHash, queueIndex, blockNumber: receipt?.blockNumber ?? 0, sentMs: Date.now() };
    this.passages.value = [passage, ...this.passages.peek()].slice(0, KEPT_MAX);
    try {
      localStorage.setItem(keyOf(trading), JSON.stringify(this.passages.peek()));
    } catch {
      // The account's list tells of it all the same once it is credited.
    }
  }

  private async attempt(what: string, work: (trading: Trading) => Promise<void>): Promise<boolean> {
    const trading = this.wallet.trading.peek();
    if (trading === null) return false;
    this.turn += 1;
    const turn = this.turn;
    this.waiting.value = what;
    this.problem.value = null;
    try {
      await work(trading);
      return turn === this.turn;
    } catch (error) {
      if (turn === this.turn) this.problem.value = problemText(error);
      return false;
    } finally {
      if (turn === this.turn) this.waiting.value = null;
      void this.look();
    }
  }
}

function keyOf({ client, onchain }: Trading): string {
  return `clearbook.deposits.${String(onchain.exchange.target).toLowerCase()}.${client.account}`;
}

function stored(key: string): Passage[] {
  try {
    const rows = JSON.parse(localStorage.getItem(key) ?? "[]") as Passage[];
    return rows.filter(({ amount, queueIndex }) => typeof amount === "string" && Number.isSafeInteger(queueIndex));
  } catch {
    return [];
  }
}
