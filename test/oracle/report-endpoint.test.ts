import { expect } from "chai";
import { Wallet } from "ethers";
import { PriceFeed } from "../../matcher/oracle/price-feed.ts";
import { ReportEndpoint } from "../../matcher/oracle/report-endpoint.ts";
import { RoundCollector } from "../../matcher/oracle/round-collector.ts";
import { SimulationSource } from "../../matcher/oracle/simulation-source.ts";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";
import type { ReportedRound } from "../../matcher/protocol/price-report.ts";

const context = { chainId: 31337, oracle: "0x5FbDB2315678afecb367f032d93F642f64180aa3" };
const signer = new Wallet(`0x${"11".repeat(32)}`);

describe("The door for price reports", () => {
  let endpoint: ReportEndpoint;
  let url: string;
  let rounds: ReportedRound[];

  beforeEach(async () => {
    rounds = [];
    const collector = new RoundCollector(context, { signers: [signer.address], threshold: 1 });
    endpoint = new ReportEndpoint(collector, (round) => rounds.push(round));
    url = `http://127.0.0.1:${await endpoint.listen(0)}`;
  });

  afterEach(() => endpoint.close());

  const post = async (body: string, path = "/oracle/reports") => {
    const response = await fetch(url + path, { method: "POST", body });
    return { status: response.status, ...((await response.json()) as { error?: string }) };
  };

  async function feedOnce(wallet: Wallet, troubles: string[] = []): Promise<void> {
    const startSeconds = Math.floor(Date.now() / 1_000) - 60;
    const source = new SimulationSource({ markets: DEVNET_MARKETS, seed: 1n, noiseSeed: 1n, startSeconds });
    const onTrouble = (sentence: string) => troubles.push(sentence);
    const times = { periodSeconds: 60, maxAgeSeconds: 60 };
    const feed = new PriceFeed({ context, signer: wallet, source, matcherUrl: url, ...times, onTrouble });
    await feed.start();
    feed.stop();
  }

  it("takes what the feed sends", async () => {
    await feedOnce(signer);
    expect(rounds).to.have.length(1);
    expect(rounds[0]!.pricesTicks.slice(4)).to.deep.equal([0, 0, 0, 0]);
    expect(rounds[0]!.pricesTicks[0]).to.be.within(640_000, 660_000);
    expect(endpoint.status()).to.deep.equal({ accepted: 1, refused: 0 });
  });

  it("refuses a stranger's report with the reason, which the feed passes on", async () => {
    const troubles: string[] = [];
    await feedOnce(new Wallet(`0x${"22".repeat(32)}`), troubles);
    expect(troubles).to.have.length(1);
    expect(troubles[0]).to.match(/the matcher refused a report: .*no signer of the PriceOracle/);
    expect(rounds).to.deep.equal([]);
  });

  it("refuses what is no report, too long, or sent elsewhere", async () => {
    expect(await post("{")).to.deep.equal({ status: 422, error: "the body is not JSON" });
    expect(await post(" ".repeat(5_000))).to.deep.equal({ status: 422, error: "the report is longer than 4096 bytes" });
    expect(await post("{}")).to.include({ status: 422 });
    expect((await post("{}", "/orders")).status).to.equal(404);
    expect((await fetch(`${url}/oracle/reports`)).status).to.equal(405);
    expect(endpoint.status()).to.deep.equal({ accepted: 0, refused: 3 });
  });

  it("tells once that the matcher is gone, not at every report", async () => {
    await endpoint.close();
    const troubles: string[] = [];
    await feedOnce(signer, troubles);
    expect(troubles).to.have.length(1);
    expect(troubles[0]).to.match(/the matcher does not answer/);
  });
});
