import { DEVNET_LIQUIDATION, DEVNET_REBATE_CAP_PPM } from "../../../matcher/protocol/devnet-markets.ts";
import type { EpochMarket } from "../../../matcher/protocol/epoch.ts";
import type { PublicKey } from "../../../matcher/protocol/keys.ts";
import { MARKETS } from "../../../matcher/protocol/spec.ts";
import type { EpochCommand, QueueCommand } from "../../../matcher/sequencer/command.ts";

const DEPOSIT_MICRO_USD = 1_000_000_000_000n;

/** The first epoch of an exchange that is measured. */
export function firstEpoch(timeSeconds: number, marketAt: (index: number) => EpochMarket): EpochCommand {
  const terms = { rebateCapPpm: DEVNET_REBATE_CAP_PPM, liquidation: DEVNET_LIQUIDATION };
  const markets = Array.from({ length: MARKETS }, (_, index) => marketAt(index));
  return { type: "epoch", epoch: { number: 1, timeSeconds, paramVersion: 1, journalHead: 0n, ...terms, markets } };
}

/** What L1's queue says of an account with a million USD, when accounts come one after the other from 1 on. */
export function fundedAccount(account: number, owner: bigint, { ax, ay }: PublicKey): QueueCommand[] {
  const cursor = (account - 1) * 2;
  const registration = { kind: "registration", minSequence: 0, account, amountMicroUsd: 0n, owner, ax, ay } as const;
  const amountMicroUsd = DEPOSIT_MICRO_USD;
  const deposit = { kind: "deposit", minSequence: 0, account, amountMicroUsd, owner: 0n, ax: 0n, ay: 0n } as const;
  return [
    { type: "queue", entry: registration, cursor },
    { type: "queue", entry: deposit, cursor: cursor + 1 },
  ];
}
