import type { ComponentChildren } from "preact";

/** A list: columns by name, the first one on the left. On a phone each row is a card, its cells under their columns' names. */
export function RowTable({
  caption,
  columns,
  empty,
  children,
  count,
}: {
  caption: string;
  columns: readonly string[];
  empty: string;
  count: number;
  children: ComponentChildren;
}) {
  if (count === 0) return <p class="waiting">{empty}</p>;
  return (
    <div class="scroll">
      <table class="figures rows">
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th scope="col" key={column}>
                {column === "Actions" ? <span class="unseen">{column}</span> : column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
