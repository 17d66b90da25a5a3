import { expect } from "chai";
import type { WireOrderbook } from "../../matcher/protocol/api-wire.ts";
import { devnetMarketBySymbol } from "../../matcher/protocol/devnet-markets.ts";
import type { Side } from "../../matcher/protocol/message.ts";
import { orderTerms, protectionPrice } from "../../scripts/cli/order-arguments.ts";

describe("orders on the command line", () => {
  const { market } = devnetMarketBySymbol("BTC-USD");
  const book: WireOrderbook = {
    market: "BTC-USD",
    seq: 1,
    bids: [["64999.9", "1", 1]],
    asks: [["65000.1", "1", 1]],
    checksum: 0,
    atMs: 0,
  };
  const terms = { priceStep: "0.1", priceMin: "61750.0", priceMax: "68250.0" };
  const worst = (
    side: Side,
    slippagePpm: bigint,
    change: Partial<typeof terms> = {},
    of: Partial<WireOrderbook> = {},
  ) => protectionPrice(market, { ...terms, ...change }, side, { ...book, ...of }, slippagePpm);

  it("without a price are protected so far beyond the best one, never further, on the step towards it", () => {
    expect([worst("buy", 1_000n), worst("sell", 1_000n)]).to.deep.equal(["65065.1", "64935.0"]);
    expect([worst("buy", 0n), worst("sell", 0n)]).to.deep.equal(["65000.1", "64999.9"]);
    const coarse = { priceStep: "50.0" };
    const round: Partial<WireOrderbook> = { bids: [["64950.0", "1", 1]], asks: [["65000.0", "1", 1]] };
    expect([worst("buy", 1_000n, coarse, round), worst("sell", 1_000n, coarse, round)]).to.deep.equal([
      "65050.0",
      "64900.0",
    ]);
  });

  it("stay inside what can be proven in this epoch, and take nothing for granted in an empty book", () => {
    expect([worst("buy", 100_000n), worst("sell", 100_000n)]).to.deep.equal(["68250.0", "61750.0"]);
    expect(() => worst("buy", 1_000n, {}, { asks: [] })).to.throw("There is no offer in BTC-USD");
    expect(() => worst("sell", 1_000n, {}, { bids: [] })).to.throw("There is no bid in BTC-USD");
  });

  it("rest when they name a price, and never when they do not", () => {
    const flags = { slippagePpm: "5000" };
    expect(orderTerms("BTC-USD", "buy", "1", "1", flags).timeInForce).to.equal("IOC");
    expect(orderTerms("BTC-USD", "buy", "1", "1", { ...flags, price: "1" }).timeInForce).to.equal("GTT");
  });
});
