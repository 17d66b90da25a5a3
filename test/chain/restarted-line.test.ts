import { expect } from "chai";
import { Wallet } from "ethers";
import {
  DoneOtherwise,
  type Mined,
  TransactionLine,
  type TransactionRequest,
} from "../../matcher/chain/transaction-line.ts";
import { devnetWallet } from "../../scripts/devnet/wallets.ts";
import { CHAIN_ID, eventually, startTestChain, type TestChain } from "./test-chain.ts";

describe("A transaction line after a restart", function () {
  this.timeout(60_000);
  let chain: TestChain;
  let halts: string[];
  let notices: string[];
  const lines: TransactionLine[] = [];
  const wallet = new Wallet(devnetWallet(9).privateKey);

  function start(stuckAfterMs = 20_000): TransactionLine {
    const line = new TransactionLine({
      ...{ provider: chain.provider, wallet, chainId: CHAIN_ID, confirmations: 1, pollMs: 10, stuckAfterMs },
      onHalt: (report) => halts.push(report),
      onNotice: (sentence) => notices.push(sentence),
    });
    lines.push(line);
    line.start();
    return line;
  }

  const mint = (amount: bigint): TransactionRequest => ({
    label: `Minting ${amount}`,
    to: chain.deployment.token,
    data: chain.token.interface.encodeFunctionData("mint", [wallet.address, amount]),
    onRevert: "halt",
  });

  /** The trader is not the owner: refused, like a batch that was settled before. */
  const refused = (doneBefore: TransactionRequest["doneBefore"]): TransactionRequest => ({
    label: "Settling batch 1",
    to: chain.deployment.exchange,
    data: chain.exchange.interface.encodeFunctionData("setOperator", [wallet.address]),
    onRevert: "halt",
    ...(doneBefore === undefined ? {} : { doneBefore }),
  });

  const balance = async (): Promise<bigint> => chain.token.getFunction("balanceOf").staticCall(wallet.address);
  const pending = () => chain.provider.getTransactionCount(wallet.address, "pending");

  /** A transaction that an earlier life sent and nobody has mined. */
  async function leaveOneBehind(amount: bigint): Promise<void> {
    await chain.rpc("evm_setAutomine", false);
    const earlier = start();
    earlier.submit(mint(amount));
    await eventually("the transaction", async () => ((await pending()) === 1 ? true : undefined));
    await earlier.stop();
  }

  beforeEach(async () => {
    chain = await startTestChain();
    halts = [];
    notices = [];
  });

  afterEach(async () => {
    for (const line of lines.splice(0)) await line.stop();
    await chain.close();
  });

  it("waits for what was on its way, and says so", async () => {
    await leaveOneBehind(5n);
    const line = start();
    let isQuiet = false;
    const quiet = line.quiet().then(() => {
      isQuiet = true;
    });
    await new Promise((wake) => setTimeout(wake, 60));
    expect(isQuiet).to.equal(false);
    await chain.mine(1);
    await quiet;
    expect(await balance()).to.equal(5n);
    expect(notices).to.deep.equal(["1 transactions of an earlier run wait to be mined."]);
  });

  it("does not wait for ever, and goes on behind what is mined in its place after all", async () => {
    await leaveOneBehind(5n);
    const line = start(60);
    await line.quiet();
    const { confirmed } = line.submit(mint(3n));
    await new Promise((wake) => setTimeout(wake, 40));
    await chain.mine(1);
    await chain.rpc("evm_setAutomine", true);
    await eventually("both", async () => ((await balance()) === 8n || (await balance()) === 3n ? true : undefined));
    await chain.mine(3);
    await confirmed;
    // Either the old one was mined and ours came after it, or ours has taken its place: never a halt, never ours twice.
    expect([3n, 8n]).to.include(await balance());
    expect(halts).to.deep.equal([]);
  });

  it("takes a refusal for success when the same was done before, and confirms it below enough blocks", async () => {
    const line = start();
    const done = await line.submit(mint(1n)).mined;
    const { mined, confirmed } = line.submit(refused(async () => done));
    expect((await mined).hash).to.equal(done.hash);
    await chain.mine(2);
    expect((await confirmed).gasUsed).to.equal(done.gasUsed);
    expect(halts).to.deep.equal([]);
    expect((await line.submit(mint(2n)).mined).blockNumber).to.be.greaterThan(done.blockNumber);
  });

  it("tries again when the block of what was done before is replaced", async () => {
    const line = start();
    const done = await line.submit(mint(1n)).mined;
    const gone: Mined = { ...done, hash: `0x${"a".repeat(64)}` };
    let asked = 0;
    const { mined } = line.submit(
      refused(async () => {
        asked += 1;
        return asked === 1 ? gone : done;
      }),
    );
    expect((await mined).hash).to.equal(done.hash);
    expect(asked).to.equal(2);
    expect(notices).to.deep.equal([`Settling batch 1: block ${done.blockNumber} was replaced, trying it again.`]);
  });

  it("halts at a refusal of what was not done, or was done otherwise", async () => {
    const first = start().submit(refused(async () => undefined));
    expect(await first.mined.catch((error: Error) => error.message)).to.match(
      /^Settling batch 1 was refused by the contract/,
    );
    const second = start().submit(
      refused(async () => {
        throw new DoneOtherwise("Batch 1 was settled with other public data.");
      }),
    );
    expect(await second.mined.catch((error: Error) => error.message)).to.match(/other public data|refused/);
    await eventually("both halts", () => (halts.length === 2 ? true : undefined));
    expect(halts[1]).to.equal("Batch 1 was settled with other public data.");
  });
});
