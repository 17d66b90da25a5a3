import { join } from "node:path";
import type { WireStatus } from "../../matcher/protocol/api-wire.ts";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";
import { GENESIS_JOURNAL_HEAD, nextJournalHead, recordDigest } from "../../matcher/protocol/journal-head.ts";
import type { Market } from "../../matcher/protocol/market.ts";
import { BTC_TICKS } from "../../test/sequencer/exchange-fixture.ts";
import { dice } from "../../test/sequencer/random-commands.ts";
import { Child, describeEnding } from "../supervisor/child.ts";
import { freePort } from "../supervisor/ports.ts";
import { Acknowledgements, recordsLeft } from "./acknowledgements.ts";
import { CrashClient } from "./crash-client.ts";
import { type RoundsSummary, roundsSummary } from "./rounds-summary.ts";
import { UNSIGNED } from "./signed-order.ts";

export interface ServerRoundsOptions {
  /** An empty folder. */
  readonly folder: string;
  readonly seed: number;
  readonly accounts: number;
  /** A kill comes at a random moment up to so long after the exchange is ready, milliseconds. */
  readonly liveMsMax?: number;
}

const DEFAULT_LIVE_MS_MAX = 500;

/** An exchange without a chain that is killed again and again while clients trade. */
export class ServerRounds {
  readonly #options: ServerRoundsOptions;
  readonly #journal: string;
  readonly #roll: (n: number) => number;
  readonly #told = new Acknowledgements();
  readonly #clients: readonly CrashClient[];
  readonly #faults: string[] = [];
  #port = 0;
  #kills = 0;

  constructor(options: ServerRoundsOptions) {
    this.#options = options;
    this.#journal = join(options.folder, "journal");
    this.#roll = dice(options.seed);
    this.#clients = Array.from({ length: options.accounts }, (_, i) => {
      const market = DEVNET_MARKETS[0]?.market as Market;
      return new CrashClient({ account: i + 1, signing: UNSIGNED, market, told: this.#told, roll: this.#roll });
    });
  }

  get summary(): RoundsSummary {
    return roundsSummary(this.#kills, this.#told, this.#clients, this.#faults);
  }

  /** One life: start, trade, kill, look. */
  async round(): Promise<void> {
    const { child, ready } = await this.#start();
    await this.#tradeUntil(child, async () => {
      // Often before anything, now and then in the middle of a snapshot.
      await new Promise((wake) => setTimeout(wake, this.#roll(this.#options.liveMsMax ?? DEFAULT_LIVE_MS_MAX)));
      child.kill();
      await child.ended;
    });
    this.#kills += 1;
    const lost = ready.commands < this.#told.recordCount;
    if (lost) this.#faults.push(`${this.#told.recordCount} commands were on disk, ${ready.commands} after the start`);
    this.#faults.push(...this.#told.faults(this.#journal));
  }

  /** A last life that ends in order; then every byte of the hash chain is compared. */
  async finish(): Promise<RoundsSummary> {
    const { child } = await this.#start();
    let head = "";
    await this.#tradeUntil(child, async () => {
      await new Promise((wake) => setTimeout(wake, 200));
      const response = await fetch(`http://127.0.0.1:${this.#port}/v1/status`);
      head = ((await response.json()) as WireStatus).journalHead;
      await child.stop();
    });
    this.#faults.push(...this.#told.faults(this.#journal));
    let chain = GENESIS_JOURNAL_HEAD;
    const heads = new Set<bigint>();
    for (const record of recordsLeft(this.#journal)) {
      chain = nextJournalHead(chain, recordDigest(record));
      heads.add(chain);
    }
    if (!heads.has(BigInt(head))) this.#faults.push(`the journal's hash chain never was at ${head}`);
    return this.summary;
  }

  async #start(): Promise<{ child: Child; ready: { commands: number } }> {
    if (this.#port === 0) this.#port = await freePort();
    const child = new Child({
      name: "exchange",
      script: "scripts/crash/journal-server.ts",
      args: [this.#journal, String(this.#port)],
      // The same sources are read at every start.
      env: { NODE_COMPILE_CACHE: join(this.#options.folder, "compiled") },
      onLine: () => {},
    });
    const message = await child.message("ready");
    return { child, ready: { commands: Number(message.commands) } };
  }

  async #tradeUntil(child: Child, end: () => Promise<void>): Promise<void> {
    const apiUrl = `http://127.0.0.1:${this.#port}`;
    const { epochTimeSeconds } = (await (await fetch(`${apiUrl}/v1/time`)).json()) as { epochTimeSeconds: number };
    const surroundings = { apiUrl, priceTicks: BTC_TICKS, expirySeconds: epochTimeSeconds + 3_600 };
    const isOver = () => !child.alive || child.stopping;
    const trading = Promise.all(this.#clients.map((client) => client.trade(surroundings, isOver)));
    await end();
    await trading;
    const ending = await child.ended;
    if (ending.code !== null && ending.code !== 0) throw new Error(describeEnding(ending));
  }
}
