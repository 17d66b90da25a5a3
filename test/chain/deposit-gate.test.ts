import { expect } from "chai";
import { Contract, Wallet } from "ethers";
import { DepositGate } from "../../matcher/chain/deposit-gate.ts";
import { EXCHANGE_ABI } from "../../matcher/protocol/abi.ts";
import { devnetKeys } from "../../scripts/devnet/wallets.ts";
import { eventually, startTestChain, type TestChain } from "./test-chain.ts";

describe("the deposit gate", () => {
  let chain: TestChain;
  before(async function () {
    this.timeout(120_000);
    chain = await startTestChain();
  });
  after(() => chain.close());

  it("tells the limits and what is in, and follows both", async () => {
    const gate = new DepositGate({ provider: chain.provider, exchange: chain.deployment.exchange, pollMs: 30 });
    expect(gate.status()).to.equal(null);
    await gate.start();
    const first = gate.status();
    expect(first).to.deep.include({ total: "0", room: first?.cap });
    const { trader, token, exchange } = chain;
    const method = (contract: Contract, name: string) => contract.getFunction(name);
    await (await method(token, "mint")(trader.address, 40_000_000n)).wait();
    await (await method(token, "approve")(exchange.target, 40_000_000n)).wait();
    await (await method(exchange, "deposit")(0, 40_000_000n)).wait();
    await eventually("the deposit", () => gate.status()?.total === "40" || undefined);
    const owner = new Wallet(devnetKeys().owner, chain.provider);
    const owned = new Contract(chain.deployment.exchange, EXCHANGE_ABI, owner);
    await (await method(owned, "setDepositLimits")(2_500_000n, 41_000_000n)).wait();
    await eventually("the new limits", () => gate.status()?.minimum === "2.5" || undefined);
    expect(gate.status()).to.deep.equal({ minimum: "2.5", cap: "41", total: "40", room: "1" });
    // Below what is in: no room, and no negative one.
    await (await method(owned, "setDepositLimits")(1n, 39_000_000n)).wait();
    await eventually("the lower cap", () => gate.status()?.cap === "39" || undefined);
    expect(gate.status()?.room).to.equal("0");
    gate.stop();
  });

  it("keeps what it saw last while L1 does not answer", async () => {
    const gate = new DepositGate({ provider: chain.provider, exchange: "0x0000000000000000000000000000000000000009" });
    await gate.start();
    expect(gate.status()).to.equal(null);
    gate.stop();
  });
});
