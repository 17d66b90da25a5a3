/** Stages one after the other, as far as they are reached. */
export function Steps<Name extends string>({ steps, reached }: { steps: readonly Name[]; reached: Name }) {
  const at = steps.indexOf(reached);
  return (
    <ol class="steps">
      {steps.map((step, i) => (
        <li
          key={step}
          class={i < at ? "past" : i === at ? "now" : undefined}
          aria-current={i === at ? "step" : undefined}
        >
          {step}
        </li>
      ))}
    </ol>
  );
}
