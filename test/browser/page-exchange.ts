import type { FastifyInstance } from "fastify";
import { loadPage, type PageFiles } from "../../matcher/api/page-files.ts";
import { createApi } from "../../matcher/api/server.ts";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";
import { ClearbookClient } from "../../matcher/sdk/client.ts";
import { ReceiptBook } from "../../matcher/sequencer/receipt-book.ts";
import { ReceiptSigner } from "../../matcher/sequencer/receipt-signer.ts";
import { Sequencer } from "../../matcher/sequencer/sequencer.ts";
import { VerifyPool } from "../../matcher/sequencer/verify-pool.ts";
import { buildPage } from "../../scripts/building/build-page.ts";
import { PLACE, RECEIPTS_KEY } from "../protocol/sample-receipts.ts";
import { DOMAIN, EPOCH_SECONDS, epochOf, keyOf, newState, openingCommands } from "../sequencer/exchange-fixture.ts";

/** An exchange in this process that serves the page, with a maker and a taker; its chain is not there. */
export class PageExchange {
  readonly app: FastifyInstance;
  readonly url: string;
  readonly maker: ClearbookClient;
  readonly taker: ClearbookClient;
  readonly sequencer: Sequencer;
  private readonly closers: (() => Promise<unknown>)[];

  private constructor(
    parts: Pick<PageExchange, "app" | "url" | "maker" | "taker" | "sequencer">,
    closers: (() => Promise<unknown>)[],
  ) {
    this.app = parts.app;
    this.url = parts.url;
    this.maker = parts.maker;
    this.taker = parts.taker;
    this.sequencer = parts.sequencer;
    this.closers = closers;
  }

  static async open(): Promise<PageExchange> {
    const { folder } = await buildPage();
    const nowMs = () => EPOCH_SECONDS * 1_000;
    const pool = new VerifyPool({ domain: DOMAIN, threads: 1 });
    const signer = new ReceiptSigner(PLACE, RECEIPTS_KEY);
    const sequencer = new Sequencer({ state: newState(), verifier: pool, nowMs });
    const receipts = new ReceiptBook({ signer });
    sequencer.onDurable((accepted) => receipts.record(accepted));
    const markets = DEVNET_MARKETS.map(({ market }) => market);
    const page = loadPage(folder) as PageFiles;
    const chainStatus = () => ({ warning: "INSECURE DEVELOPMENT KEYS: this is a test.", halted: null });
    const app = createApi({ sequencer, ...PLACE, domain: DOMAIN, markets, receipts, nowMs, page, chainStatus });
    for (const command of openingCommands(2)) if (command.type !== "message") sequencer.apply(command);
    const url = await app.listen({ host: "127.0.0.1", port: 0 });
    const client = (account: number) => ClearbookClient.connect({ apiUrl: url, key: keyOf(account), account, nowMs });
    const [maker, taker] = await Promise.all([client(1), client(2)]);
    return new PageExchange({ app, url, maker, taker, sequencer }, [
      () => app.close(),
      () => signer.close(),
      () => pool.close(),
    ]);
  }

  /** Rests some orders a side around 65,000, and trades a little. */
  async quote(levels = 12): Promise<void> {
    const sides = ["buy", "sell"] as const;
    const quotes = sides.flatMap((side) =>
      Array.from({ length: levels }, (_, i) => ({
        market: "BTC-USD",
        side,
        price: `${side === "buy" ? 64_990 - i * 5 : 65_010 + i * 5}`,
        size: "0.05",
      })),
    );
    await this.maker.placeAll(quotes);
    for (const [side, price] of [
      ["buy", "65010"],
      ["sell", "64990"],
    ] as const) {
      await this.taker.place({ market: "BTC-USD", side, price, size: "0.01", timeInForce: "IOC" });
    }
  }

  /** The next epoch, with its market restricted or not. */
  openEpoch(number: number, restricted: boolean): void {
    this.sequencer.apply({ type: "epoch", epoch: epochOf(number, {}, { restricted }) });
  }

  async close(): Promise<void> {
    for (const close of this.closers) await close();
  }
}
