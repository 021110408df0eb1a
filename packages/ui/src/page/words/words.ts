import { settings } from "../app/settings.js";
import { en, type Words } from "./en.js";
import type { Language } from "./languages.js";
import { zh } from "./zh.js";

const languages: Readonly<Record<Language, Words>> = { en, zh };

export type WordKey = keyof Words;

/** The words of the chosen language; `{name}` in them stands for a value. */
export function t(key: WordKey, values: Readonly<Record<string, string | number>> = {}): string {
  return languages[settings.language.value][key].replace(/\{(\w+)\}/g, (whole, name: string) =>
    String(values[name] ?? whole),
  );
}
