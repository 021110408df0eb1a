type Language = typeof import("./language.js");

let loading: Promise<Language> | undefined;

/** The filter language; loaded once. */
export function loadLanguage(): Promise<Language> {
  loading ??= import("./language.js").catch((error: unknown) => {
    // The next one who needs it tries again.
    loading = undefined;
    throw error;
  });
  return loading;
}
