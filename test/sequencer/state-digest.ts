import { digest, snapshot } from "../../matcher/book/book-snapshot.ts";
import type { Poseidon } from "../../matcher/protocol/signing-poseidon.ts";
import type { ExchangeState } from "../../matcher/sequencer/exchange-state.ts";
import { AccountStore } from "../../matcher/state/account-store.ts";

function plain(value: unknown): string {
  return JSON.stringify(value, (_, item) => (typeof item === "bigint" ? `${item}n` : item));
}

/** Everything that a later command could depend on, as text: equal states give equal texts, byte for byte. */
export function stateText(state: ExchangeState): string {
  const accounts = [...state.ledger.entries()].map(({ account, record, slots }) => [account, record, [...slots]]);
  const book = snapshot(state.engine);
  const signedOrders = book.orders.map(([account, slot]) => state.gate.signedOrder(account, slot));
  return plain({
    head: state.journalHead,
    counts: [state.commandCount, state.eventCount, state.stepCount],
    time: state.epochTimeSeconds,
    shared: state.ledger.shared,
    accounts,
    book,
    signedOrders,
    digest: digest(state.engine),
    promises: state.gate.promises(),
    fees: state.fees.entries(),
    modes: state.modes.entries(),
    conditionals: state.conditionals.store.images(),
    timedCancels: state.conditionals.timedCancels.entries(),
    switches: state.deadMansSwitches.entries(),
    funding: state.funding.snapshot(),
    desk: state.desk.snapshot(),
  });
}

/** The root that a batch over the whole state would publish. */
export function stateRoot(state: ExchangeState, hash: Poseidon): bigint {
  const store = new AccountStore(hash);
  store.load(state.ledger.entries());
  return store.root;
}
