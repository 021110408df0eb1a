import type { JSX } from "preact";
import { ApiError } from "../api/client.js";
import { t } from "../words/words.js";

/** Shows an error to the user. */
export function Problem({
  error,
  retry,
}: {
  readonly error: unknown;
  readonly retry?: () => void;
}): JSX.Element {
  return (
    <div class="problem" role="alert">
      <pre>{textOfError(error)}</pre>
      {retry !== undefined && (
        <button type="button" onClick={retry}>
          {t("retry")}
        </button>
      )}
    </div>
  );
}

export function textOfError(error: unknown): string {
  if (error instanceof ApiError) {
    if (error.status === 0) return t("unreachable");
    if (error.status === 401) return t("tokenNeeded");
    if (error.status === 403) return `${t("forbidden")} ${error.message}`;
    return error.message || t("failed", { status: error.status });
  }
  return error instanceof Error ? error.message : String(error);
}
