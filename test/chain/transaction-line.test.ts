import { expect } from "chai";
import { Wallet } from "ethers";
import {
  TransactionLine,
  type TransactionLineOptions,
  type TransactionRequest,
} from "../../matcher/chain/transaction-line.ts";
import { devnetWallet } from "../../scripts/devnet/wallets.ts";
import { CHAIN_ID, eventually, startTestChain, type TestChain } from "./test-chain.ts";

const CONFIRMATIONS = 2;

describe("TransactionLine", function () {
  this.timeout(60_000);
  let chain: TestChain;
  let line: TransactionLine;
  let halts: string[];
  let notices: string[];
  const wallet = new Wallet(devnetWallet(9).privateKey);

  function start(options: Partial<TransactionLineOptions> = {}): TransactionLine {
    const made = new TransactionLine({
      provider: chain.provider,
      wallet,
      chainId: CHAIN_ID,
      confirmations: CONFIRMATIONS,
      pollMs: 10,
      onHalt: (report) => halts.push(report),
      onNotice: (sentence) => notices.push(sentence),
      ...options,
    });
    made.start();
    return made;
  }

  const mint = (amount: bigint, onRevert: TransactionRequest["onRevert"] = "halt"): TransactionRequest => ({
    label: `Minting ${amount}`,
    to: chain.deployment.token,
    data: chain.token.interface.encodeFunctionData("mint", [wallet.address, amount]),
    onRevert,
  });

  /** The trader is not the owner. */
  const forbidden = (onRevert: TransactionRequest["onRevert"]): TransactionRequest => ({
    label: "Settling batch 1",
    to: chain.deployment.exchange,
    data: chain.exchange.interface.encodeFunctionData("setOperator", [wallet.address]),
    onRevert,
  });

  const balance = async (): Promise<bigint> => chain.token.getFunction("balanceOf").staticCall(wallet.address);

  beforeEach(async () => {
    chain = await startTestChain();
    halts = [];
    notices = [];
  });

  afterEach(async () => {
    await line.stop();
    await chain.close();
  });

  it("sends one after the other under consecutive nonces, and confirms each below enough blocks", async () => {
    line = start();
    const submissions = [1n, 2n, 4n].map((amount) => line.submit(mint(amount)));
    const mined = await Promise.all(submissions.map(({ mined }) => mined));
    expect(mined.map(({ blockNumber }) => blockNumber)).to.deep.equal(
      [...mined.map((m) => m.blockNumber)].sort((a, b) => a - b),
    );
    expect(await balance()).to.equal(7n);
    let confirmed = false;
    submissions[2]!.confirmed.then(() => {
      confirmed = true;
    });
    await new Promise((wake) => setTimeout(wake, 100));
    expect(confirmed, "before its two blocks").to.equal(false);
    await chain.mine(CONFIRMATIONS);
    await submissions[2]!.confirmed;
    expect(line.status()).to.include({ state: "running", waiting: 0, unconfirmed: 0, nextNonce: 3, resubmissions: 0 });
  });

  it("raises the fee of a transaction that is stuck, and it takes effect once", async () => {
    await chain.rpc("evm_setAutomine", false);
    line = start({ stuckAfterMs: 60 });
    const { mined } = line.submit(mint(5n));
    const pendingFee = async () => {
      const block = (await chain.rpc("eth_getBlockByNumber", "pending", true)) as {
        transactions: { maxFeePerGas: string }[];
      };
      return block.transactions.map(({ maxFeePerGas }) => BigInt(maxFeePerGas));
    };
    const [first] = await eventually("the transaction", async () => {
      const fees = await pendingFee();
      return fees.length > 0 ? fees : undefined;
    });
    const raised = await eventually("a higher fee", async () => {
      const [fee] = await pendingFee();
      return fee !== undefined && fee > (first as bigint) ? fee : undefined;
    });
    expect(raised >= ((first as bigint) * 5n) / 4n).to.equal(true);
    await chain.mine(1);
    await mined;
    await chain.rpc("evm_setAutomine", true);
    await chain.mine(3);
    expect(await balance()).to.equal(5n);
    expect(line.status().resubmissions).to.be.greaterThan(0);
    expect(await chain.provider.getTransactionCount(wallet.address)).to.equal(1);
  });

  it("halts when no fee helps", async () => {
    await chain.rpc("evm_setAutomine", false);
    line = start({ stuckAfterMs: 20, feeRaisesMax: 2 });
    const { mined } = line.submit(mint(5n));
    await mined.then(
      () => expect.fail("it was never mined"),
      (error: Error) => expect(error.message).to.equal("Minting 5 was not mined in spite of 2 raised fees."),
    );
    expect(halts).to.deep.equal(["Minting 5 was not mined in spite of 2 raised fees."]);
  });

  it("sends again what a reorganisation drops, in the same order", async () => {
    line = start({ confirmations: 5 });
    const snapshot = await chain.rpc("evm_snapshot");
    const submissions = [1n, 2n].map((amount) => line.submit(mint(amount)));
    await Promise.all(submissions.map(({ mined }) => mined));
    await chain.rpc("evm_revert", snapshot);
    await eventually("both again", async () => ((await balance()) === 3n ? true : undefined));
    await chain.mine(5);
    const confirmed = await Promise.all(submissions.map(({ confirmed }) => confirmed));
    expect(confirmed[0]!.blockNumber).to.be.lessThan(confirmed[1]!.blockNumber);
    expect(line.status().resubmissions).to.equal(2);
    expect(notices.filter((notice) => /was replaced, sending it again/.test(notice))).to.have.length(2);
    expect(await balance()).to.equal(3n);
  });

  it("names the contract's error with its values, and halts for a request that must not fail", async () => {
    line = start();
    const refused = line.submit(forbidden("halt"));
    const behind = line.submit(mint(1n));
    const errors = await Promise.allSettled([refused.mined, behind.mined]);
    expect(errors.map(({ status }) => status)).to.deep.equal(["rejected", "rejected"]);
    const report = `Settling batch 1 was refused by the contract: NotAuthorized(caller = ${wallet.address}, delaySeconds = 0)`;
    expect(halts).to.deep.equal([report]);
    expect(line.status()).to.include({ state: "halted", waiting: 0 });
    expect(await balance(), "nothing behind it was sent").to.equal(0n);
    await line.submit(mint(1n)).confirmed.then(
      () => expect.fail("a halted line takes nothing"),
      (error: Error) => expect(error.message).to.equal(report),
    );
  });

  it("goes on behind a request that may be refused", async () => {
    line = start();
    const refused = line.submit(forbidden("reject"));
    const behind = line.submit(mint(1n));
    await behind.mined;
    await refused.mined.then(
      () => expect.fail("it is forbidden"),
      (error: Error & { errorName?: string }) => expect(error.errorName).to.equal("NotAuthorized"),
    );
    expect(halts).to.deep.equal([]);
  });

  it("halts when somebody else uses its nonces", async () => {
    line = start();
    await line.submit(mint(1n)).mined;
    const other = wallet.connect(chain.provider);
    await (await other.sendTransaction({ to: chain.trader.address, value: 1n })).wait();
    line.submit(mint(2n));
    const report = await eventually("the halt", () => halts[0]);
    expect(report).to.match(/nonce 1 of 0x\w+ was used by another program/);
    expect(await balance()).to.equal(1n);
  });

  it("loses nothing while the chain does not answer", async () => {
    const { provider } = chain;
    const send = provider.send.bind(provider);
    let silent = false;
    provider.send = (method, params) => (silent ? Promise.reject(new Error("no route")) : send(method, params));
    line = start();
    await line.submit(mint(1n)).mined;
    silent = true;
    const { mined } = line.submit(mint(2n));
    await eventually("a failed question", () => line.status().lastError);
    silent = false;
    await mined;
    expect(await balance()).to.equal(3n);
    expect(halts).to.deep.equal([]);
  });
});
