import { Wallet } from "ethers";
import { ClearbookClient } from "../../matcher/sdk/client.ts";
import { ClearbookStream } from "../../matcher/sdk/stream.ts";
import { deriveTradingKey } from "../../matcher/sdk/wallet.ts";

export interface Trade {
  apiUrl: string;
  scalar: string;
  account: number;
  receiptsSigner: string;
  nowMs: number;
}

/** What a page with the SDK does in a life: connects, quotes, follows the book, keeps receipts, leaves. */
export async function trade({ apiUrl, scalar, account, receiptsSigner, nowMs }: Trade) {
  const client = await ClearbookClient.connect({
    apiUrl,
    key: BigInt(scalar),
    account,
    nowMs: () => nowMs,
    receipts: { signer: receiptsSigner },
  });
  const stream = new ClearbookStream({ apiUrl, sessions: [client.session] });
  const changes: string[] = [];
  const told = stream.subscribe(
    { channel: "orders", account },
    {
      onUpdate: ({ orders }) => changes.push(...orders.map(({ status }) => status)),
    },
  );
  await until(() => told.inSync || undefined);
  const book = stream.book(client.market("BTC-USD"));
  await book.ready();
  const bid = { market: "BTC-USD", side: "buy", price: "64000.0", size: "0.01" } as const;
  const placed = await Promise.all(Array.from({ length: 20 }, () => client.place(bid)));
  const best = await until(() => {
    const level = book.bids(1)[0];
    return level?.orders === placed.length ? level : undefined;
  });
  const preview = await client.marginPreview({ ...bid, size: "0.1" });
  await client.cancelAll();
  await until(() => book.bids(1).length === 0 || undefined);
  await until(() => changes.length >= 2 * placed.length || undefined);
  const receipts = await client.receipts.all();
  stream.close();
  return {
    slots: new Set(placed.map(({ order }) => order.slot)).size,
    price: best.price,
    resyncs: book.resyncCount,
    maxSize: preview.maxSize,
    refusal: preview.refusal,
    changes,
    receipts: receipts.length,
  };
}

/** A wallet's key, as the page derives it. */
export async function derive(privateKey: string, exchange: { chainId: number; exchange: string }) {
  const { ax, ay, owner } = await deriveTradingKey(new Wallet(privateKey), exchange);
  return { ax: ax.toString(), ay: ay.toString(), owner };
}

async function until<T>(found: () => T | undefined): Promise<T> {
  for (;;) {
    const value = found();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
