import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { wantsToken } from "../api/client.js";
import { t } from "../words/words.js";
import { settings } from "./settings.js";

const isOpen = signal(false);

export function openAccess(): void {
  isOpen.value = true;
}

/** Counts changes of token and tenant, so that views load again. */
export const accessVersion = signal(0);

/** Asks for the token and the tenant of this page's calls. */
export function Access(): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const open = isOpen.value || wantsToken.value;
  useEffect(() => {
    if (open && !dialog.current?.open) dialog.current?.showModal();
    if (!open) dialog.current?.close();
  }, [open]);
  const close = (): void => {
    isOpen.value = false;
    wantsToken.value = false;
  };
  const save = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    settings.token.value = String(form.get("token") ?? "").trim();
    settings.tenant.value = String(form.get("tenant") ?? "").trim();
    close();
    accessVersion.value++;
  };
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="access-title" onClose={close}>
      <form onSubmit={save}>
        <h2 id="access-title">{t("access")}</h2>
        {wantsToken.value && <p>{t("tokenNeeded")}</p>}
        <label>
          {t("token")}
          <input name="token" type="password" autocomplete="off" defaultValue={settings.token.value} />
        </label>
        <label>
          {t("tenant")}
          <input name="tenant" autocomplete="off" defaultValue={settings.tenant.value} />
        </label>
        <p class="hint">{t("accessHint")}</p>
        <div class="actions">
          <button type="button" onClick={close}>
            {t("cancel")}
          </button>
          <button type="submit" class="primary">
            {t("apply")}
          </button>
        </div>
      </form>
    </dialog>
  );
}
