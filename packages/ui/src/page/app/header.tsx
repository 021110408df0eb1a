import type { JSX } from "preact";
import { Icon, type IconName } from "../kit/icons.js";
import { t, type WordKey } from "../words/words.js";
import { openAccess } from "./access.js";
import { route, routeTo, type View } from "./route.js";
import { settings, type Theme } from "./settings.js";

const entries: readonly (readonly [View, WordKey])[] = [
  ["search", "search"],
  ["services", "services"],
  ["graph", "graph"],
  ["live", "live"],
  ["about", "about"],
];

const belongsTo: Partial<Record<View, View>> = { trace: "search", compare: "search" };

export function Header(): JSX.Element {
  const { view } = route.value;
  const current = belongsTo[view] ?? view;
  return (
    <header class="header">
      <a class="skip" href="#main">
        {t("skip")}
      </a>
      <a class="brand" href={routeTo("search")}>
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <path class="brand-1" d="M4 9h24" />
          <path class="brand-2" d="M4 16h11" />
          <path class="brand-3" d="M15 23h13" />
        </svg>
        spanstore
      </a>
      <nav aria-label={t("views")}>
        {entries.map(([name, key]) => (
          <a key={name} href={routeTo(name)} aria-current={name === current ? "page" : undefined}>
            {t(key)}
          </a>
        ))}
      </nav>
      <Choices />
    </header>
  );
}

const themes: Readonly<
  Record<Theme, { readonly next: Theme; readonly icon: IconName; readonly key: WordKey }>
> = {
  system: { next: "light", icon: "system", key: "themeSystem" },
  light: { next: "dark", icon: "sun", key: "themeLight" },
  dark: { next: "system", icon: "moon", key: "themeDark" },
};

function Choices(): JSX.Element {
  const theme = themes[settings.theme.value];
  const isUtc = settings.zone.value === "utc";
  return (
    <div class="choices">
      <button
        type="button"
        class="quiet"
        title={t("zone")}
        onClick={() => {
          settings.zone.value = isUtc ? "local" : "utc";
        }}
      >
        {isUtc ? "UTC" : t("localTime")}
      </button>
      <button
        type="button"
        class="quiet"
        lang={settings.language.value === "zh" ? "en" : "zh-CN"}
        onClick={() => {
          settings.language.value = settings.language.value === "zh" ? "en" : "zh";
        }}
      >
        {settings.language.value === "zh" ? "English" : "中文"}
      </button>
      <button
        type="button"
        class="quiet"
        title={t(theme.key)}
        aria-label={t(theme.key)}
        onClick={() => {
          settings.theme.value = theme.next;
        }}
      >
        <Icon name={theme.icon} />
      </button>
      <button type="button" class="quiet" title={t("access")} aria-label={t("access")} onClick={openAccess}>
        <Icon name="key" />
        {settings.tenant.value !== "" && <span>{settings.tenant.value}</span>}
      </button>
    </div>
  );
}
