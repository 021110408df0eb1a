type Language = typeof import("./language.js");

let loading: Promise<Language> | undefined;

/** Loads the filter language once. */
export function loadLanguage(): Promise<Language> {
  loading ??= import("./language.js").catch((error: unknown) => {
    // The next call tries again.
    loading = undefined;
    throw error;
  });
  return loading;
}
