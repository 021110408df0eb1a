import { effect, type Signal, signal } from "@preact/signals";
import { browserLanguage, type Language } from "../words/languages.js";

export type Theme = "system" | "light" | "dark";
export type Zone = "local" | "utc";

/** The user's choices, kept in this browser; the token only while the tab is open. */
export const settings = {
  language: stored<Language>("language", ["en", "zh"], browserLanguage),
  theme: stored<Theme>("theme", ["system", "light", "dark"], () => "system"),
  zone: stored<Zone>("zone", ["local", "utc"], () => "local"),
  tenant: storedText("tenant", () => localStorage),
  token: storedText("token", () => sessionStorage),
};

/** Applies the chosen theme and language. */
export function startSettings(): void {
  effect(() => {
    const root = document.documentElement;
    root.dataset.theme = settings.theme.value;
    root.lang = settings.language.value === "zh" ? "zh-CN" : "en";
  });
}

function stored<T extends string>(name: string, allowed: readonly T[], initial: () => T): Signal<T> {
  const text = read(name, () => localStorage);
  const value = signal<T>(allowed.find((one) => one === text) ?? initial());
  keep(name, value, () => localStorage);
  return value;
}

function storedText(name: string, storage: () => Storage): Signal<string> {
  const value = signal(read(name, storage) ?? "");
  keep(name, value, storage);
  return value;
}

/** Reads a choice. A browser may refuse its storage: then a choice lasts as long as the page. */
function read(name: string, storage: () => Storage): string | undefined {
  try {
    return storage().getItem(`spanstore.${name}`) ?? undefined;
  } catch {
    return undefined;
  }
}

function keep(name: string, value: Signal<string>, storage: () => Storage): void {
  value.subscribe((text) => {
    try {
      storage().setItem(`spanstore.${name}`, text);
    } catch {
      // As above.
    }
  });
}
