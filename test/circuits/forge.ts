import { type AccountLeaf, leafInputs } from "../../matcher/protocol/account.ts";
import { EMPTY_ORDER_ROOT } from "../../matcher/protocol/derived.ts";
import { DEVNET_LIQUIDATION } from "../../matcher/protocol/devnet-markets.ts";
import type { Epoch, EpochMarket } from "../../matcher/protocol/epoch.ts";
import { type KeyPair, keyPairOf } from "../../matcher/protocol/keys.ts";
import { type Message, type OrderMessage, orderNumber, pathSlot, type Signed } from "../../matcher/protocol/message.ts";
import { messageHash } from "../../matcher/protocol/message-hash.ts";
import type { RequestOutcome } from "../../matcher/protocol/queue-chain.ts";
import { sign } from "../../matcher/protocol/signature.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import {
  ACCOUNT_TREE_LEVELS,
  FILLED_CANCELLED,
  INSURANCE_ACCOUNT,
  MARKETS,
  PICO_PER_MICRO,
  tierById,
} from "../../matcher/protocol/spec.ts";
import { closedMarket } from "../../matcher/risk/epoch-terms.ts";
import { MerkleTree, treeShape } from "../../matcher/state/merkle-tree.ts";
import { OrderTree, orderTreeShape } from "../../matcher/state/order-tree.ts";
import type {
  AccountTrace,
  BatchTrace,
  LiquidationTrace,
  OrderSlot,
  QueueEntry,
  RequestTrace,
  RowTrace,
} from "../../matcher/state/trace.ts";

/** Any 248-bit constant: circuit tests need no exchange. */
export const TEST_DOMAIN = 0x1234567890abcdef1234567890abcdefn;

/** A row as the forger wants it: nothing is checked. */
export interface RowPlan {
  message: Signed<Message>;
  quantityLots?: number;
  quoteMicroUsd?: bigint;
  feePicoUsd?: bigint;
  /** Position of the account slot that a transfer is credited to. */
  receiverSlot?: number;
  /** What the slot becomes, if not what the rules say. */
  slotAfter?: OrderSlot;
}

/** A liquidation or deleveraging as the forger wants it. */
export type LiquidationPlan = Omit<LiquidationTrace, "accountSlot" | "counterpartySlot">;

/** A request as the forger wants it served. */
export interface RequestPlan extends Pick<QueueEntry, "kind" | "account"> {
  outcome: RequestOutcome;
  minSequence?: number;
  /** The new key of a rotation. */
  ax?: bigint;
  ay?: bigint;
  payoutMicroUsd?: bigint;
}

export interface BatchPlan {
  request?: RequestPlan;
  liquidations?: LiquidationPlan[];
  /** Whose slot pays for them, if not the insurance fund's. */
  fund?: number;
  /** Paid by the fund earlier in the epoch. */
  insuranceSpentPicoUsd?: bigint;
  queue?: QueueEntry[];
  rows?: RowPlan[];
  /** Accounts touched beyond those of rows and queue. */
  touch?: number[];
  /** Changes a final leaf before it is stored. */
  finally?: (account: number, leaf: AccountLeaf) => void;
  tier?: number;
}

interface Holder {
  key: KeyPair;
  leaf: AccountLeaf;
  slots: Map<number, OrderSlot>;
  orders: OrderTree;
}

/** Two live markets at round prices: 1,000 and 500 ticks, initial margin 10 % and 5 %, maintenance 5 % and 2.5 %, bands ± 5 %. */
export function testEpoch(overrides: Partial<Epoch> = {}): Epoch {
  const market = (priceTicks: number, imfPpm: number): EpochMarket => ({
    priceTicks,
    imfPpm,
    mmfPpm: imfPpm / 2,
    priceMinTicks: Math.ceil(priceTicks * 0.95),
    priceMaxTicks: Math.floor(priceTicks * 1.05),
    fundingIndexPicoUsd: 0n,
    grossOpenInterestCapLots: 1_000_000n,
    restricted: false,
    retired: false,
    isolatedOnly: false,
    positionCapLots: 2n ** 40n - 1n,
    exitHaircutPpm: imfPpm / 4,
  });
  const closed = Array.from({ length: MARKETS - 2 }, () => closedMarket());
  return {
    number: 1,
    timeSeconds: 1_000_000,
    rebateCapPpm: 200,
    liquidation: DEVNET_LIQUIDATION,
    markets: [market(1_000, 100_000), market(500, 50_000), ...closed],
    ...overrides,
  };
}

/**
 * A batch builder without rules: the tool of an operator who wants to steal. It computes trees, roots and words honestly from whatever it is
 * told, so that a refused batch is refused for the one thing that is wrong in it.
 */
export class World {
  readonly hash: Poseidon;
  readonly holders = new Map<number, Holder>();
  readonly tree: MerkleTree;
  epoch: Epoch;
  grossOpenInterestLots: bigint[] = new Array(MARKETS).fill(0n);
  batchNumber = 1;

  constructor(hash: Poseidon, epoch: Epoch = testEpoch()) {
    this.hash = hash;
    this.epoch = epoch;
    this.tree = new MerkleTree(treeShape(hash, ACCOUNT_TREE_LEVELS));
  }

  #holder(index: number, leaf: Partial<AccountLeaf>): Holder {
    const key = keyPairOf(1_000_003n * BigInt(index + 1));
    const orders = new OrderTree(orderTreeShape(this.hash));
    return {
      key,
      slots: new Map(),
      orders,
      leaf: {
        ax: key.ax,
        ay: key.ay,
        owner: 0xabc0000n + BigInt(index),
        collateralPicoUsd: 0n,
        orderRoot: EMPTY_ORDER_ROOT,
        withdrawalNonce: 0,
        minSequence: 0,
        sizesLots: new Array(MARKETS).fill(0n),
        fundingIndexPicoUsd: new Array(MARKETS).fill(0n),
        ...leaf,
      },
    };
  }

  /** Puts an account into the tree as if earlier batches had made it so. */
  seed(index: number, leaf: Partial<AccountLeaf> = {}, slots: [number, OrderSlot][] = []): void {
    const holder = this.#holder(index, leaf);
    for (const [slot, content] of slots) {
      holder.slots.set(slot, content);
      holder.orders.set(slot, content);
    }
    holder.leaf.orderRoot = holder.orders.root;
    this.holders.set(index, holder);
    this.tree.set(index, this.hash(leafInputs(holder.leaf)));
    holder.leaf.sizesLots.forEach((size, m) => {
      this.grossOpenInterestLots[m] = (this.grossOpenInterestLots[m] as bigint) + (size < 0n ? -size : size);
    });
  }

  /** The registration that would bring `index` into being. */
  registration(index: number): QueueEntry {
    const { leaf } = this.#holder(index, {});
    const { owner, ax, ay } = leaf;
    return { kind: "registration", account: index, amountMicroUsd: 0n, minSequence: 0, owner, ax, ay };
  }

  keyOf(index: number): KeyPair {
    return keyPairOf(1_000_003n * BigInt(index + 1));
  }

  sign<M extends Message>(message: M, signer: number = message.account, domain: bigint = TEST_DOMAIN): Signed<M> {
    return { ...message, signature: sign(this.keyOf(signer), messageHash(message, domain)) };
  }

  /** A signed order with usual terms. */
  order(terms: Partial<OrderMessage> & Pick<OrderMessage, "account" | "side">): Signed<OrderMessage> {
    return this.sign({
      kind: "order",
      market: 0,
      keepFilled: false,
      reduceOnly: false,
      postOnly: false,
      timeInForce: "GTT",
      selfTrade: "expire-maker",
      slot: 1,
      sequence: 1,
      expirySeconds: 2_000_000,
      maxFeePpm: 1_000,
      limitPriceTicks: 1_000,
      quantityLots: 1_000,
      ...terms,
    });
  }

  #row(plan: RowPlan, accountSlot: number, holder: Holder): RowTrace {
    const { message } = plan;
    const slot = pathSlot(message);
    const before = holder.slots.get(slot) ?? { sequence: 0, filledLots: 0 };
    let after = before;
    if (message.kind === "order") {
      const amends = message.keepFilled && orderNumber(message.sequence) === orderNumber(before.sequence);
      const fresh = message.sequence > before.sequence && !amends;
      after = { sequence: message.sequence, filledLots: (fresh ? 0 : before.filledLots) + (plan.quantityLots ?? 0) };
    } else if (message.kind === "cancel") after = { sequence: message.sequence, filledLots: FILLED_CANCELLED };
    after = plan.slotAfter ?? after;
    const orderPath = holder.orders.path(slot);
    holder.orders.set(slot, after);
    holder.slots.set(slot, after);
    return {
      message,
      accountSlot,
      ...(plan.receiverSlot === undefined ? {} : { receiverSlot: plan.receiverSlot }),
      quantityLots: plan.quantityLots ?? 0,
      quoteMicroUsd: plan.quoteMicroUsd ?? 0n,
      feePicoUsd: plan.feePicoUsd ?? 0n,
      slotBefore: before,
      slotAfter: after,
      orderPath,
    };
  }

  /** Applies a plan without checking a single rule. */
  forge(plan: BatchPlan): BatchTrace {
    const queue = plan.queue ?? [];
    const liquidations = plan.liquidations ?? [];
    const touched = new Set([
      ...(plan.touch ?? []),
      ...queue.map((e) => e.account),
      ...(plan.request === undefined ? [] : [plan.request.account]),
      ...(plan.rows ?? []).map((r) => r.message.account),
      ...liquidations.flatMap((l) => [plan.fund ?? INSURANCE_ACCOUNT, l.account, l.counterparty ?? l.account]),
    ]);
    const order = [...touched].sort((a, b) => a - b);
    const isNew = new Set(queue.filter((e) => e.kind === "registration").map((e) => e.account));
    for (const index of isNew) this.holders.set(index, this.#holder(index, {}));
    const before = new Map(order.map((index) => [index, structuredClone((this.holders.get(index) as Holder).leaf)]));
    const openInterestBefore = [...this.grossOpenInterestLots];
    const oldRoot = this.tree.root;
    const subRoots = this.tree.level(ACCOUNT_TREE_LEVELS - 2);

    const rows = (plan.rows ?? []).map((row) =>
      this.#row(row, order.indexOf(row.message.account), this.holders.get(row.message.account) as Holder),
    );
    const accounts: AccountTrace[] = order.map((index) =>
      this.#store(index, before.get(index) as AccountLeaf, isNew.has(index), queue, rows, plan, order),
    );
    return {
      tier: tierById(plan.tier ?? 0),
      domain: TEST_DOMAIN,
      batchNumber: this.batchNumber++,
      epoch: this.epoch,
      queueCursor: 0,
      queue,
      ...(plan.request === undefined ? {} : { request: requestTrace(plan.request, order) }),
      journalHead: 7n,
      fundingDigest: 0n,
      oldRoot,
      newRoot: this.tree.root,
      subRoots,
      grossOpenInterestBeforeLots: openInterestBefore,
      grossOpenInterestAfterLots: [...this.grossOpenInterestLots],
      rows,
      liquidations: liquidations.map((liquidation) => ({
        ...liquidation,
        accountSlot: order.indexOf(liquidation.account),
        ...(liquidation.counterparty === undefined
          ? {}
          : { counterpartySlot: order.indexOf(liquidation.counterparty) }),
      })),
      insuranceSpentBeforePicoUsd: plan.insuranceSpentPicoUsd ?? 0n,
      insuranceSpentAfterPicoUsd: liquidations.reduce(
        (sum, { coveredPicoUsd }) => sum + coveredPicoUsd,
        plan.insuranceSpentPicoUsd ?? 0n,
      ),
      accounts,
    };
  }

  #store(
    index: number,
    before: AccountLeaf,
    isNew: boolean,
    queue: QueueEntry[],
    rows: RowTrace[],
    plan: BatchPlan,
    order: number[],
  ): AccountTrace {
    const holder = this.holders.get(index) as Holder;
    const after: AccountLeaf = structuredClone(before);
    const position = rows.length === 0 ? -1 : order.indexOf(index);
    const received = rows.filter((row) => row.receiverSlot === position).map(({ message }) => message);
    const depositsMicroUsd =
      queue.filter((e) => e.account === index).reduce((sum, e) => sum + e.amountMicroUsd, 0n) +
      received.reduce((sum, message) => sum + (message.kind === "transfer" ? message.amountMicroUsd : 0n), 0n);
    for (let m = 0; m < MARKETS; m++) {
      const now = this.epoch.markets[m]?.fundingIndexPicoUsd ?? 0n;
      after.collateralPicoUsd -= (before.sizesLots[m] as bigint) * (now - (before.fundingIndexPicoUsd[m] as bigint));
      after.fundingIndexPicoUsd[m] = now;
      const market = this.epoch.markets[m];
      if (market?.retired) {
        after.collateralPicoUsd += (before.sizesLots[m] as bigint) * BigInt(market.priceTicks) * PICO_PER_MICRO;
        after.sizesLots[m] = 0n;
      }
    }
    after.collateralPicoUsd += depositsMicroUsd * PICO_PER_MICRO;
    for (const row of rows.filter((r) => r.message.account === index)) {
      const { message } = row;
      if (message.kind === "order") {
        const sign = message.side === "buy" ? 1n : -1n;
        after.sizesLots[message.market] = (after.sizesLots[message.market] as bigint) + sign * BigInt(row.quantityLots);
        after.collateralPicoUsd -= sign * row.quoteMicroUsd * PICO_PER_MICRO + row.feePicoUsd;
      } else if (message.kind === "withdrawal" || message.kind === "transfer") {
        after.collateralPicoUsd -= message.amountMicroUsd * PICO_PER_MICRO;
        after.withdrawalNonce += 1;
      } else if (message.kind === "cancelAll") after.minSequence = message.sequence;
    }
    if (plan.request?.account === index) serve(after, plan.request);
    for (const liquidation of plan.liquidations ?? []) liquidate(index, after, liquidation, plan.fund);
    after.orderRoot = holder.orders.root;
    plan.finally?.(index, after);
    const path = this.tree.path(index);
    const magnitude = (x: bigint | undefined) => (x === undefined ? 0n : x < 0n ? -x : x);
    for (let m = 0; m < MARKETS; m++) {
      this.grossOpenInterestLots[m] =
        (this.grossOpenInterestLots[m] as bigint) + magnitude(after.sizesLots[m]) - magnitude(before.sizesLots[m]);
    }
    holder.leaf = after;
    this.tree.set(index, this.hash(leafInputs(after)));
    return { account: index, isNew, before, after, depositsMicroUsd, path };
  }
}

function requestTrace(plan: RequestPlan, order: number[]): RequestTrace {
  const { kind, account, minSequence = 0, ax = 0n, ay = 0n, outcome, payoutMicroUsd = 0n } = plan;
  const entry = { kind, account, amountMicroUsd: 0n, minSequence, owner: 0n, ax, ay };
  return { entry, outcome, accountSlot: order.indexOf(account), payoutMicroUsd };
}

/** What a request does to the leaf that it names, whether it may or not. */
function serve(leaf: AccountLeaf, { kind, minSequence = 0, ax, ay, payoutMicroUsd = 0n }: RequestPlan): void {
  leaf.minSequence = Math.max(leaf.minSequence, minSequence);
  leaf.collateralPicoUsd -= payoutMicroUsd * PICO_PER_MICRO;
  if (kind === "keyRotation") Object.assign(leaf, { ax, ay });
}

/** What a liquidation does to a leaf, whether it may or not. */
function liquidate(index: number, leaf: AccountLeaf, plan: LiquidationPlan, fund = INSURANCE_ACCOUNT): void {
  const { account, counterparty, market, quoteMicroUsd, feePicoUsd, payoutPicoUsd, coveredPicoUsd } = plan;
  const sign = plan.side === "buy" ? 1n : -1n;
  const trade = (direction: bigint) => {
    leaf.sizesLots[market] = (leaf.sizesLots[market] as bigint) + direction * BigInt(plan.quantityLots);
    leaf.collateralPicoUsd -= direction * quoteMicroUsd * PICO_PER_MICRO;
  };
  if (index === fund) leaf.collateralPicoUsd += feePicoUsd - coveredPicoUsd;
  if (index === account) {
    trade(sign);
    leaf.collateralPicoUsd += payoutPicoUsd - feePicoUsd;
  }
  if (index === counterparty) {
    trade(-sign);
    leaf.collateralPicoUsd -= payoutPicoUsd - coveredPicoUsd;
  }
}
