import { usdFromMicroUsd } from "../../matcher/protocol/decimal.ts";
import { DEVNET_MARKETS } from "../../matcher/protocol/devnet-markets.ts";
import type { HeldReceipt } from "../../matcher/protocol/held-receipt.ts";
import { baseFromLots, usdFromPriceTicks } from "../../matcher/protocol/market.ts";
import type { Instruction, OrderMessage } from "../../matcher/protocol/message.ts";
import type { Command, ConditionalCommand } from "../../matcher/sequencer/command.ts";
import { commandFromBytes } from "../../matcher/sequencer/command-bytes.ts";

/** What is under a receipt. @throws RangeError when its bytes are nothing that a trader sends */
export function sentUnder({ commandBytes }: HeldReceipt): Extract<Command, { type: "message" | "conditional" }> {
  const command = commandFromBytes(commandBytes);
  if (command.type === "message" || command.type === "conditional") return command;
  throw new RangeError(`a ${command.type} is nothing that a trader sends`);
}

function orderName({ market: index, side, quantityLots, limitPriceTicks, slot, sequence }: OrderMessage): string {
  const market = DEVNET_MARKETS.find((entry) => entry.market.index === index)?.market;
  const terms =
    market === undefined
      ? `${quantityLots} lots of market ${index} at ${limitPriceTicks} ticks`
      : `${baseFromLots(market, quantityLots)} ${market.symbol} at ${usdFromPriceTicks(market, limitPriceTicks)}`;
  return `order to ${side} ${terms}, slot ${slot}, sequence ${sequence}`;
}

function messageName(message: Instruction): string {
  switch (message.kind) {
    case "order":
      return orderName(message);
    case "cancel":
      return `cancel of slot ${message.slot}, sequence ${message.sequence}`;
    case "cancelAll":
      return `cancel of everything below sequence ${message.sequence}`;
    case "withdrawal":
      return `withdrawal of ${usdFromMicroUsd(message.amountMicroUsd)} USD, nonce ${message.sequence}`;
    case "transfer":
      return `transfer of ${usdFromMicroUsd(message.amountMicroUsd)} USD to account ${message.to}, nonce ${message.sequence}`;
    case "marginMode":
      return message.isolatedMarket === null
        ? "change to cross margin"
        : `isolation for market ${message.isolatedMarket}`;
  }
}

function groupName({ legs }: ConditionalCommand): string {
  const orders = legs.map(({ order }) => orderName(order)).join(", and its ");
  return `account ${legs[0]?.order.account}'s conditional ${orders}`;
}

/** A command in words: its number, what it is, whose, and when it was acknowledged. */
export function commandName(held: HeldReceipt): string {
  const { command, acceptedAtMs } = held.receipt;
  const time = Number.isSafeInteger(acceptedAtMs) && Math.abs(acceptedAtMs) <= 8.64e15;
  const at = time ? new Date(acceptedAtMs).toISOString() : `${acceptedAtMs} ms`;
  let what: string;
  try {
    const sent = sentUnder(held);
    const name = sent.clientId === undefined ? "" : `, client id "${sent.clientId}"`;
    what = sent.type === "message" ? `account ${sent.message.account}'s ${messageName(sent.message)}` : groupName(sent);
    what += name;
  } catch {
    what = "something that is no message";
  }
  return `command ${command} (${what}; acknowledged for ${at})`;
}

/** The same at the beginning of a sentence. */
export function commandNameFirst(held: HeldReceipt): string {
  return `C${commandName(held).slice(1)}`;
}
