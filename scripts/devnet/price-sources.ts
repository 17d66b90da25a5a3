import { readFileSync } from "node:fs";
import { isAddress } from "ethers";
import { connectL1 } from "../../matcher/chain/provider.ts";
import { AggregatorSource } from "../../matcher/oracle/aggregator-source.ts";
import { HttpSource } from "../../matcher/oracle/http-source.ts";
import type { PriceSource } from "../../matcher/oracle/price-source.ts";
import { type Shock, SimulationSource } from "../../matcher/oracle/simulation-source.ts";
import { DEVNET_MARKETS, devnetMarketBySymbol } from "../../matcher/protocol/devnet-markets.ts";
import type { Market } from "../../matcher/protocol/market.ts";
import { MARKETS } from "../../matcher/protocol/spec.ts";
import { Refusal } from "../supervisor/refusal.ts";

export const SOURCE_NAMES = ["simulation", "aggregator", "http"] as const;

/** What the simulation needs beside its file. */
export interface SimulationSeeds {
  readonly seed: bigint;
  readonly startSeconds: number;
  readonly noiseSeed: bigint;
}

type Fields = Record<string, unknown>;

function readFields(path: string): Fields {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    throw new Refusal(`The configuration ${path} cannot be read.`);
  }
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed as Fields;
  } catch {
    // The sentence below says it.
  }
  throw new Refusal(`The configuration ${path} is no JSON object.`);
}

/** An object of market symbols. */
function byMarket(path: string, name: string, value: unknown): { market: Market; text: string }[] {
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0) {
    throw new Refusal(`${path}: ${name} needs an object with a text for each market, such as {"BTC-USD": "…"}.`);
  }
  return Object.entries(value).map(([symbol, text]) => {
    if (typeof text !== "string") throw new Refusal(`${path}: ${name} of ${symbol} is no text.`);
    try {
      return { market: devnetMarketBySymbol(symbol).market, text };
    } catch (error) {
      throw new Refusal(`${path}: ${error instanceof Error ? error.message : error}.`);
    }
  });
}

function urlOf(path: string, name: string, value: unknown): string {
  if (typeof value === "string" && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return value;
  throw new Refusal(`${path}: ${name} is no http address.`);
}

async function aggregatorSource(path: string): Promise<PriceSource> {
  const fields = readFields(path);
  const aggregators = byMarket(path, "aggregators", fields.aggregators).map(({ market, text }) => {
    if (!isAddress(text)) throw new Refusal(`${path}: the aggregator of ${market.symbol} is no address.`);
    return { market, address: text };
  });
  const { chainId } = fields;
  if (!Number.isSafeInteger(chainId) || (chainId as number) < 1) {
    throw new Refusal(`${path}: chainId is no whole number: another chain has other contracts at these addresses.`);
  }
  const provider = await connectL1(urlOf(path, "rpcUrl", fields.rpcUrl), chainId as number);
  return new AggregatorSource({ provider, aggregators });
}

function httpSource(path: string): PriceSource {
  const { url, paths, timePath } = readFields(path);
  if (timePath !== undefined && typeof timePath !== "string") throw new Refusal(`${path}: timePath is no text.`);
  return new HttpSource({
    url: urlOf(path, "url", url),
    paths: byMarket(path, "paths", paths).map(({ market, text }) => ({ market, path: text })),
    ...(timePath === undefined ? {} : { timePath }),
  });
}

function shocksOf(path: string): Shock[] {
  const { shocks } = readFields(path);
  if (!Array.isArray(shocks)) throw new Refusal(`${path}: shocks is no list.`);
  return shocks.map((shock: unknown, i) => {
    const { atSeconds, market, movePpm, seconds } = (
      typeof shock === "object" && shock !== null ? shock : {}
    ) as Fields;
    const whole = (value: unknown, least: number, most: number) =>
      Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
    if (
      !whole(atSeconds, 0, 1e9) ||
      !whole(market, 0, MARKETS - 1) ||
      !whole(movePpm, -999_999, 10_000_000) ||
      !whole(seconds, 1, 1e6)
    ) {
      throw new Refusal(
        `${path}: shock ${i} needs whole numbers atSeconds ≥ 0, market 0 … ${MARKETS - 1}, movePpm above −1,000,000 and seconds ≥ 1.`,
      );
    }
    return { atSeconds, market, movePpm, seconds } as Shock;
  });
}

/** The source of prices that a signer was told to use. @throws Refusal or ChainConnectionError in one sentence */
export async function priceSource(
  name: string,
  configPath: string | undefined,
  seeds: SimulationSeeds,
): Promise<PriceSource> {
  if (name === "simulation") {
    const shocks = configPath === undefined ? [] : shocksOf(configPath);
    return new SimulationSource({ markets: DEVNET_MARKETS, ...seeds, shocks });
  }
  if (!SOURCE_NAMES.some((known) => known === name)) {
    throw new Refusal(`There is no source "${name}": choose ${SOURCE_NAMES.join(", ")}.`);
  }
  if (configPath === undefined) throw new Refusal(`--source ${name} needs --source-config with a file.`);
  return name === "aggregator" ? aggregatorSource(configPath) : httpSource(configPath);
}
