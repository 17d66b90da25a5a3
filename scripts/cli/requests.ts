import type { Command } from "commander";
import { usdFromMicroUsd } from "../../matcher/protocol/decimal.ts";
import type { OnchainWallet, Queued } from "../../matcher/sdk/onchain.ts";
import { Refusal } from "../supervisor/refusal.ts";
import { type Desk, wholeNumber } from "./desk.ts";
import type { AtDesk } from "./trading.ts";
import { until } from "./waiting.ts";

interface RequestFlags {
  waitSeconds?: string;
}

/** Shows a request that is in the queue; waits for the batch that serves it if that is wished. */
async function follow(desk: Desk, wallet: OnchainWallet, queued: Queued, what: string, { waitSeconds }: RequestFlags) {
  if (waitSeconds !== undefined) {
    await until(what, waitSeconds, async () => ((await wallet.isServed(queued.queueIndex)) ? true : undefined));
  }
  const state = waitSeconds === undefined ? "asked for" : "served and settled";
  desk.show({ ...queued, served: waitSeconds !== undefined }, () => `${what} is ${state} (${queued.txHash})`);
}

/** What is asked of the contract and not of the exchange, which has to serve it or is frozen. Each costs a fee in the chain's coin. */
export function requestCommands(program: Command, atDesk: AtDesk): void {
  const wait = ["--wait-seconds <n>", "wait so long for the batch that serves it"] as const;

  program
    .command("exit")
    .description(
      "have all positions closed and everything paid to your wallet, asked for on L1: also if the exchange is silent",
    )
    .option("--claim", "wait for it, and claim what it pays")
    .option(...wait)
    .action(
      atDesk(async (desk, flags: RequestFlags & { claim?: boolean }) => {
        const account = await desk.account();
        const wallet = await desk.wallet();
        const queued = await wallet.requestForcedExit(account);
        if (flags.claim !== true) return follow(desk, wallet, queued, `The exit of account ${account}`, flags);
        const { waitSeconds = "300" } = flags;
        await until("The exit", waitSeconds, async () =>
          (await wallet.isServed(queued.queueIndex)) ? true : undefined,
        );
        if ((await wallet.claimableMicroUsd()) === 0n)
          throw new Refusal("The exit was served, and there was nothing to pay.");
        const { amountMicroUsd, txHash } = await wallet.claim();
        const amount = usdFromMicroUsd(amountMicroUsd);
        desk.show({ ...queued, amount, claimTxHash: txHash }, () => `${amount} USD paid to your wallet (${txHash})`);
      }),
    );

  program
    .command("rotate-key")
    .description("replace your account's trading key, asked for on L1; afterwards trade with --key-index <n>")
    .argument("<n>", "index of the new key")
    .option(...wait)
    .action(
      atDesk(async (desk, index: string, flags: RequestFlags) => {
        const account = await desk.account();
        const wallet = await desk.wallet();
        const key = await desk.tradingKey(wholeNumber(index, "The index"));
        const queued = await wallet.requestKeyRotation(account, key);
        await follow(desk, wallet, queued, `The new key of account ${account}`, flags);
      }),
    );

  program
    .command("request-liquidation")
    .description("ask on L1 for the liquidation of an account, yours or anybody's")
    .argument("<account>", "its index")
    .option(...wait)
    .action(
      atDesk(async (desk, account: string, flags: RequestFlags) => {
        const wallet = await desk.wallet();
        const queued = await wallet.requestLiquidation(wholeNumber(account, "The account"));
        await follow(desk, wallet, queued, `The look at account ${account}`, flags);
      }),
    );

  program
    .command("cancel-all-l1")
    .description("void all orders that you have signed until now, asked for on L1")
    .option(...wait)
    .action(
      atDesk(async (desk, flags: RequestFlags) => {
        const account = await desk.account();
        const wallet = await desk.wallet();
        const queued = await wallet.requestCancelAll(account);
        await follow(desk, wallet, queued, `The end of account ${account}'s orders`, flags);
      }),
    );
}
