import { useDesk } from "./desk.ts";

/** Notices, read out when they come. */
export function NoticeList() {
  const { notices } = useDesk();
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.shown.value.map(({ id, tone, title, text }) => (
        <div class={`notice notice-${tone}`} key={id}>
          <div>
            <b>{title}</b>
            {text !== "" && <p>{text}</p>}
          </div>
          <button type="button" class="button-quiet icon" aria-label="Dismiss" onClick={() => notices.dismiss(id)}>
            ×
          </button>
        </div>
      ))}
    </div>
  );
}
