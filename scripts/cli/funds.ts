import type { Command } from "commander";
import { microUsdFromUsd, usdFromMicroUsd } from "../../matcher/protocol/decimal.ts";
import type { ClearbookClient } from "../../matcher/sdk/client.ts";
import { ClearbookError } from "../../matcher/sdk/http.ts";
import { Refusal } from "../supervisor/refusal.ts";
import { type Desk, wholeNumber } from "./desk.ts";
import type { AtDesk } from "./trading.ts";
import { until } from "./waiting.ts";

/** A proof takes seconds, and minutes behind a backlog. */
const DEFAULT_WAIT_SECONDS = "300";

/** The client of an account that the matcher may not know yet: its registration waits for confirmations on L1. */
async function clientOnceKnown(desk: Desk, seconds: string): Promise<ClearbookClient> {
  return until("The registration", seconds, async () => {
    try {
      return await desk.client();
    } catch (error) {
      if (error instanceof ClearbookError && error.code === "UNKNOWN_ACCOUNT") return undefined;
      if (error instanceof Error && error.message.endsWith("this trading key")) return undefined;
      throw error;
    }
  });
}

/** Money: in, between accounts, out. */
export function fundsCommands(program: Command, atDesk: AtDesk): void {
  program
    .command("register")
    .description("open an account for your wallet's trading key, on L1")
    .option("--wait-seconds <n>", "how long to wait for the exchange to know it", DEFAULT_WAIT_SECONDS)
    .action(
      atDesk(async (desk, { waitSeconds }: { waitSeconds: string }) => {
        const key = await desk.tradingKey();
        const registered = await (await desk.wallet()).register(key);
        await clientOnceKnown(desk, waitSeconds);
        desk.show(registered, () => `account ${registered.account} of ${key.owner} (${registered.txHash})`);
      }),
    );

  program
    .command("deposit")
    .description("pay collateral into your account, on L1")
    .argument("<usd>", "decimal amount")
    .option("--mint", "take the test dollars out of nothing first: development chains only")
    .option("--wait-seconds <n>", "how long to wait until it is credited", DEFAULT_WAIT_SECONDS)
    .action(
      atDesk(async (desk, usd: string, flags: { mint?: boolean; waitSeconds: string }) => {
        const amountMicroUsd = microUsdFromUsd(usd);
        const client = await desk.client();
        const wallet = await desk.wallet();
        if (flags.mint === true) await wallet.mintTestDollars(amountMicroUsd);
        const { txHash, queueIndex } = await wallet.depositWithPermit(client.account, amountMicroUsd);
        await until("The credit", flags.waitSeconds, async () =>
          (await client.status()).queueCursor > queueIndex ? true : undefined,
        );
        const answer = { account: client.account, amount: usd, txHash, queueIndex };
        desk.show(answer, () => `${usd} USD credited to account ${client.account} (${txHash})`);
      }),
    );

  program
    .command("transfer")
    .description("move collateral to another account of yours, at once")
    .argument("<account>", "its index")
    .argument("<usd>", "decimal amount")
    .action(
      atDesk(async (desk, to: string, usd: string) => {
        const transfer = await (await desk.client()).transfer(wholeNumber(to, "The account"), usd);
        desk.show(transfer, () => `${usd} USD to account ${to}, ${transfer.finality.label}`);
      }),
    );

  program
    .command("withdraw")
    .description("take collateral out to your wallet; claimable on L1 once proven")
    .argument("<usd>", "decimal amount")
    .option("--claim", "wait for the proof and claim it")
    .option("--wait-seconds <n>", "how long to wait for the proof", DEFAULT_WAIT_SECONDS)
    .action(
      atDesk(async (desk, usd: string, flags: { claim?: boolean; waitSeconds: string }) => {
        const client = await desk.client();
        const withdrawal = await client.withdraw(usd);
        if (flags.claim !== true)
          return desk.show(withdrawal, () => `${usd} USD on the way: \`claim\` when the batch is proven`);
        const { nonce } = withdrawal;
        await until("The proof", flags.waitSeconds, async () =>
          (await client.withdrawals(100)).find((one) => one.nonce === nonce && one.finality.label === "proven"),
        );
        const paid = await (await desk.wallet()).claim();
        const answer = { ...withdrawal, paid: usdFromMicroUsd(paid.amountMicroUsd), claimTxHash: paid.txHash };
        desk.show(answer, () => `${answer.paid} USD paid to your wallet (${paid.txHash})`);
      }),
    );

  program
    .command("claim")
    .description("have everything paid out that is proven and waiting for your wallet")
    .action(
      atDesk(async (desk) => {
        const wallet = await desk.wallet();
        if ((await wallet.claimableMicroUsd()) === 0n) throw new Refusal("Nothing is waiting for this wallet.");
        const { amountMicroUsd, txHash } = await wallet.claim();
        const amount = usdFromMicroUsd(amountMicroUsd);
        desk.show({ amount, txHash }, () => `${amount} USD paid to your wallet (${txHash})`);
      }),
    );
}
