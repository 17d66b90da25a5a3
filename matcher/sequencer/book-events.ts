import type { BookEvent, RejectedEvent } from "../book/book-event.ts";

/** Events of a command of the exchange's own. @throws Error for a rejection, which such a command does not have */
export function withoutRejections(events: readonly BookEvent[]): Exclude<BookEvent, RejectedEvent>[] {
  return events.map((event) => {
    if (event.type === "rejected") throw new Error(`a command of the exchange has a rejection: ${event.code}`);
    return event;
  });
}
