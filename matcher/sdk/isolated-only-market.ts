/** A cross account may not take a position in a market that is isolated-only: it would lock out every other one. */
export class IsolatedOnlyMarket extends Error {
  readonly market: string;
  constructor(market: string) {
    super(`${market} is isolated-only: open the position with IsolatedMargin.openIsolated, in an account of its own.`);
    this.name = "IsolatedOnlyMarket";
    this.market = market;
  }
}
