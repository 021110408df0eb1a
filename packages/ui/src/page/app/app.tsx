import { effect } from "@preact/signals";
import type { ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { loadServices } from "../api/names.js";
import { Problem } from "../kit/problem.js";
import { SearchView } from "../search/search-view.js";
import { t, type WordKey } from "../words/words.js";
import { Access, accessVersion } from "./access.js";
import { Header } from "./header.js";
import { route, type View } from "./route.js";

type ViewModule = () => Promise<ComponentType>;

/** Views other than the first are loaded when they are opened. */
const later: Partial<Record<View, ViewModule>> = {
  compare: async () => (await import("../compare/compare-view.js")).CompareView,
  services: async () => (await import("../services/services-view.js")).ServicesView,
  graph: async () => (await import("../graph/graph-view.js")).GraphView,
  live: async () => (await import("../live/live-view.js")).LiveView,
  about: async () => (await import("../about/about-view.js")).AboutView,
  trace: async () => (await import("../trace/trace-view.js")).TraceView,
};

const titles: Readonly<Record<View, WordKey>> = {
  search: "search",
  trace: "trace",
  compare: "compare",
  services: "services",
  graph: "graph",
  live: "live",
  about: "about",
};

export function App(): JSX.Element {
  const { view } = route.value;
  useEffect(
    () =>
      effect(() => {
        accessVersion.value;
        // The view shows the failure of its own calls.
        loadServices().catch(() => {});
      }),
    [],
  );
  useEffect(() => {
    document.title = `${t(titles[view])} · spanstore`;
  }, [view]);
  return (
    <>
      <Header />
      <main id="main" class={`view view-${view}`} tabIndex={-1}>
        <Shown key={`${view} ${accessVersion.value}`} view={view} />
      </main>
      <Access />
    </>
  );
}

function Shown({ view }: { readonly view: View }): JSX.Element {
  const load = later[view];
  return load === undefined ? <SearchView /> : <Later load={load} />;
}

function Later({ load }: { readonly load: ViewModule }): JSX.Element {
  const [loaded, setLoaded] = useState<{ View?: ComponentType; error?: unknown }>({});
  useEffect(() => {
    load().then(
      (View) => setLoaded({ View }),
      (error: unknown) => setLoaded({ error }),
    );
  }, [load]);
  if (loaded.error !== undefined) return <Problem error={loaded.error} retry={() => location.reload()} />;
  const { View } = loaded;
  return View === undefined ? <p class="waiting">{t("loading")}</p> : <View />;
}
