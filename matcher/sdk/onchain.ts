import {
  Contract,
  type ContractTransactionReceipt,
  type ContractTransactionResponse,
  type Provider,
  Signature,
  type Signer,
} from "ethers";
import { EXCHANGE_ABI, TEST_DOLLAR_ABI } from "../protocol/abi.ts";
import type { RegistrationPoint } from "../protocol/keys.ts";
import { SequenceClock } from "./sequence-clock.ts";

/** A transaction was refused by a contract; the message names the contract's error with its values. */
export class OnchainRefusal extends Error {
  /** Name of the contract's error, or null when it gave none. */
  readonly errorName: string | null;
  constructor(what: string, errorName: string | null, text: string, cause: unknown) {
    super(`${what} was refused: ${text}`, { cause });
    this.name = "OnchainRefusal";
    this.errorName = errorName;
  }
}

/** Amounts in micro-USD. */
export interface DepositLimits {
  readonly minimumMicroUsd: bigint;
  readonly capMicroUsd: bigint;
  /** What counts toward the cap: deposits that wait, and the pool. */
  readonly totalMicroUsd: bigint;
  readonly roomMicroUsd: bigint;
}

const PERMIT_TTL_SECONDS = 3_600;
/** So many times the fee is sent along with a request. */
const FEE_ROOM = 4n;

/** Above all that clients have signed whose sequences are the clock's (sequence-clock.ts). */
function sequenceOfNow(): number {
  return new SequenceClock().next();
}

/** A transaction that put an entry into the L1 queue. */
export interface Queued {
  txHash: string;
  /** The exchange has acted on the entry once the status's queueCursor is above this. */
  queueIndex: number;
}

/** A wallet's side of the Exchange contract: registration, deposits, requests, claims. Amounts are micro-USD. */
export class OnchainWallet {
  readonly exchange: Contract;
  readonly token: Contract;
  readonly signer: Signer;

  /** @param signer with a provider */
  constructor(signer: Signer, addresses: { exchange: string; token: string }) {
    if (signer.provider === null) throw new TypeError("the signer needs a provider");
    this.signer = signer;
    this.exchange = new Contract(addresses.exchange, EXCHANGE_ABI, signer);
    this.token = new Contract(addresses.token, TEST_DOLLAR_ABI, signer);
  }

  /** Finds the token itself: the Exchange names it. */
  static async of(signer: Signer, exchange: string): Promise<OnchainWallet> {
    const token = (await call(new Contract(exchange, EXCHANGE_ABI, signer), "token", [])) as string;
    return new OnchainWallet(signer, { exchange, token });
  }

  /**
   * Registers an account of this wallet under a trading key. Usable once the matcher has seen the confirmed queue entry.
   * @returns its index
   * @throws OnchainRefusal
   */
  async register({ qx, qy }: RegistrationPoint): Promise<{ account: number } & Queued> {
    const receipt = await this.send(this.exchange, "register", [qx, qy]);
    for (const log of receipt.logs) {
      const event = this.exchange.interface.parseLog(log);
      if (event?.name === "AccountRegistered") return { account: Number(event.args.account), ...this.queued(receipt) };
    }
    throw new Error(`transaction ${receipt.hash} registered no account`);
  }

  /** What the Exchange takes: the least deposit, the most that may be in it, and what may still come in. */
  async depositLimits(): Promise<DepositLimits> {
    const [limits, vault] = await Promise.all([
      call(this.exchange, "depositLimits", []) as Promise<{ minimumMicroUsd: bigint; capMicroUsd: bigint }>,
      call(this.exchange, "vault", []) as Promise<{ queuedMicroUsd: bigint; settledMicroUsd: bigint }>,
    ]);
    const { minimumMicroUsd, capMicroUsd } = limits;
    const totalMicroUsd = vault.queuedMicroUsd + vault.settledMicroUsd;
    const roomMicroUsd = capMicroUsd > totalMicroUsd ? capMicroUsd - totalMicroUsd : 0n;
    return { minimumMicroUsd, capMicroUsd, totalMicroUsd, roomMicroUsd };
  }

  /**
   * Approves exactly the amount, then deposits it for an account. What the limits rule out is refused before anything is sent.
   * @throws OnchainRefusal
   */
  async deposit(account: number, amountMicroUsd: bigint): Promise<Queued> {
    await this.requireWithinLimits("deposit", amountMicroUsd);
    await this.send(this.token, "approve", [this.exchange.target, amountMicroUsd]);
    return this.queued(await this.send(this.exchange, "deposit", [account, amountMicroUsd]));
  }

  /** Deposits in one transaction, with a signed permit instead of an approval; otherwise as {@link deposit}. @throws OnchainRefusal */
  async depositWithPermit(account: number, amountMicroUsd: bigint): Promise<Queued> {
    await this.requireWithinLimits("depositWithPermit", amountMicroUsd);
    const owner = await this.signer.getAddress();
    const provider = this.signer.provider as Provider;
    const block = await provider.getBlock("latest");
    const deadline = BigInt((block?.timestamp ?? Math.floor(Date.now() / 1_000)) + PERMIT_TTL_SECONDS);
    const [{ chainId }, name, nonce] = await Promise.all([
      provider.getNetwork(),
      call(this.token, "name", []) as Promise<string>,
      call(this.token, "nonces", [owner]) as Promise<bigint>,
    ]);
    const domain = { name, version: "1", chainId, verifyingContract: String(this.token.target) };
    const permit = { owner, spender: String(this.exchange.target), value: amountMicroUsd, nonce, deadline };
    const { v, r, s } = Signature.from(await this.signer.signTypedData(domain, PERMIT_TYPES, permit));
    return this.queued(
      await this.send(this.exchange, "depositWithPermit", [account, amountMicroUsd, deadline, v, r, s]),
    );
  }

  /**
   * Asks the contract, not the exchange, to close all positions of an account of this wallet and to pay everything to it: served by the
   * exchange's rules or by a freeze (docs/protocol.md §5b, §12). What it pays is claimable once a batch with it is settled.
   * @param minSequence orders below it are void, whatever comes of it; what was signed until now, if not told
   * @throws OnchainRefusal
   */
  async requestForcedExit(account: number, minSequence = sequenceOfNow()): Promise<Queued> {
    return this.request("requestForcedExit", [account, minSequence]);
  }

  /** Asks to give an account of this wallet another trading key: what the old one signed is void then. @throws OnchainRefusal */
  async requestKeyRotation(
    account: number,
    { qx, qy }: RegistrationPoint,
    minSequence = sequenceOfNow(),
  ): Promise<Queued> {
    return this.request("requestKeyRotation", [account, qx, qy, minSequence]);
  }

  /** Asks for the liquidation of anybody's account, or the proof that it needs none. @throws OnchainRefusal */
  async requestLiquidation(account: number): Promise<Queued> {
    return this.request("requestLiquidation", [account]);
  }

  /** Asks to void all orders of an account of this wallet below a sequence. @throws OnchainRefusal */
  async requestCancelAll(account: number, minSequence = sequenceOfNow()): Promise<Queued> {
    return this.request("requestCancelAll", [account, minSequence]);
  }

  /** What the next request costs. */
  async requestFeeWei(): Promise<bigint> {
    return (await call(this.exchange, "requestFeeNowWei", [])) as bigint;
  }

  /** Whether a settled batch has consumed an entry of the queue. */
  async isServed(queueIndex: number): Promise<boolean> {
    return ((await call(this.exchange, "queueCursor", [])) as bigint) > BigInt(queueIndex);
  }

  /** Pays out all that is claimable to this wallet. @returns what was paid. @throws OnchainRefusal when there is nothing */
  async claim(): Promise<{ amountMicroUsd: bigint; txHash: string }> {
    const receipt = await this.send(this.exchange, "claim", [await this.signer.getAddress()]);
    for (const log of receipt.logs) {
      const event = this.exchange.interface.parseLog(log);
      if (event?.name === "Claimed")
        return { amountMicroUsd: event.args.amountMicroUsd as bigint, txHash: receipt.hash };
    }
    throw new Error(`transaction ${receipt.hash} paid nothing`);
  }

  /** What {@link claim} would pay. */
  async claimableMicroUsd(): Promise<bigint> {
    return (await call(this.exchange, "claimable", [await this.signer.getAddress()])) as bigint;
  }

  /** Tokens in the wallet. */
  async balanceMicroUsd(): Promise<bigint> {
    return (await call(this.token, "balanceOf", [await this.signer.getAddress()])) as bigint;
  }

  /** Test dollars out of nothing, on development chains. @throws OnchainRefusal elsewhere */
  async mintTestDollars(amountMicroUsd: bigint): Promise<void> {
    await this.send(this.token, "mint", [await this.signer.getAddress(), amountMicroUsd]);
  }

  /** Others may ask in between: what is paid above the fee comes back in the same transaction. */
  private async request(name: string, args: unknown[]): Promise<Queued> {
    const value = (await this.requestFeeWei()) * FEE_ROOM;
    return this.queued(await this.send(this.exchange, name, [...args, { value }]));
  }

  private queued(receipt: ContractTransactionReceipt): Queued {
    for (const log of receipt.logs) {
      const event = this.exchange.interface.parseLog(log);
      if (event?.name === "QueueEntryAdded") return { txHash: receipt.hash, queueIndex: Number(event.args.index) };
    }
    throw new Error(`transaction ${receipt.hash} put nothing into the queue`);
  }

  /** The contract's own words, without a transaction that would cost gas to hear them. It judges again: others deposit, too. */
  private async requireWithinLimits(what: string, amountMicroUsd: bigint): Promise<void> {
    const { minimumMicroUsd, capMicroUsd, totalMicroUsd } = await this.depositLimits();
    const refuse = (name: string, limit: bigint, given: bigint) => {
      throw new OnchainRefusal(what, name, `${name}(${limit}, ${given})`, null);
    };
    if (amountMicroUsd < minimumMicroUsd) refuse("DepositTooSmall", minimumMicroUsd, amountMicroUsd);
    const total = totalMicroUsd + amountMicroUsd;
    if (total > capMicroUsd) refuse("DepositCapExceeded", capMicroUsd, total);
  }

  private async send(contract: Contract, name: string, args: unknown[]): Promise<ContractTransactionReceipt> {
    const method = contract.getFunction(name);
    let receipt: ContractTransactionReceipt | null;
    try {
      const sent = (await method.send(...args)) as ContractTransactionResponse;
      receipt = await sent.wait();
    } catch (error) {
      throw refusalOf(contract, name, error);
    }
    if (receipt === null || receipt.status !== 1)
      throw new OnchainRefusal(name, null, "the transaction reverted", receipt);
    return receipt;
  }
}

const PERMIT_TYPES = {
  Permit: [
    { name: "owner", type: "address" },
    { name: "spender", type: "address" },
    { name: "value", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
};

async function call(contract: Contract, name: string, args: unknown[]): Promise<unknown> {
  try {
    return await contract.getFunction(name).staticCall(...args);
  } catch (error) {
    throw refusalOf(contract, name, error);
  }
}

/** Reads a contract's own error out of what a node or ethers throws. */
function refusalOf(contract: Contract, what: string, error: unknown): unknown {
  const data = revertData(error);
  if (data === null) return error;
  const parsed = contract.interface.parseError(data);
  if (parsed === null) return new OnchainRefusal(what, null, `error ${data.slice(0, 10)}`, error);
  return new OnchainRefusal(what, parsed.name, `${parsed.name}(${parsed.args.map(String).join(", ")})`, error);
}

/** Revert data hides at different depths, by node and method. */
function revertData(error: unknown, depth = 0): string | null {
  if (typeof error !== "object" || error === null || depth > 4) return null;
  const { data, error: inner, info, cause } = error as Record<string, unknown>;
  if (typeof data === "string" && /^0x[0-9a-f]{8,}$/i.test(data)) return data;
  for (const nested of [data, inner, info, cause]) {
    const found = revertData(nested, depth + 1);
    if (found !== null) return found;
  }
  return null;
}
