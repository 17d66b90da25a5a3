import { expect } from "chai";
import { network } from "hardhat";
import { ethers, mined } from "./chain.ts";

describe("TestDollar", () => {
  it("has six decimals and gives anybody any amount on a development chain", async () => {
    const stranger = await ethers.provider.getSigner(1);
    const token = await ethers.deployContract("TestDollar");
    expect(await token.getFunction("decimals")()).to.equal(6n);
    await mined(token.connect(stranger).getFunction("mint")(stranger.address, 123n));
    expect(await token.getFunction("balanceOf")(stranger.address)).to.equal(123n);
  });

  for (const chainId of [1, 10, 8453, 42161, 11155111]) {
    it(`cannot be minted on chain ${chainId}`, async () => {
      const connection = await network.create({ override: { chainId } });
      const deployer = await connection.ethers.provider.getSigner(0);
      const token = await connection.ethers.deployContract("TestDollar");
      await expect(token.getFunction("mint")(deployer.address, 1n))
        .to.be.revertedWithCustomError(token, "MintOnlyOnDevChains")
        .withArgs(chainId);
      await connection.close();
    });
  }
});
