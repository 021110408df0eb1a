import type { JSX } from "preact";

const shapes = {
  search: "M7 12.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11Zm4-1.5 3.5 3.5",
  error: "M8 1.5 15 14H1L8 1.5ZM8 6v4m0 1.5v.5",
  close: "m3.5 3.5 9 9m0-9-9 9",
  copy: "M5.5 5.5v-4h9v9h-4m-9-5h9v9h-9z",
  left: "m10 3-5 5 5 5",
  right: "m6 3 5 5-5 5",
  down: "m3 6 5 5 5-5",
  filter: "M1.5 2.5h13l-5 6v5l-3-1.5V8.5z",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6Zm0-10v1.5m0 11V15m7-7h-1.5m-11 0H1m11.9-4.9-1 1m-7.8 7.8-1 1m9.8 0-1-1M4.1 4.1l-1-1",
  moon: "M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7Z",
  system: "M2 3h12v8H2zm4 11h4m-2-3v3",
  key: "M10 9.5a4 4 0 1 0-3.6-2.3L1.5 12v2.5H4V13h1.5v-1.5H7l1.3-2A4 4 0 0 0 10 9.5Zm1-5h.01",
  compare: "M6 2v12M10 2v12M2 4.5h4m4 0h4M2 8h4m4 3h4",
  up: "m3 10 5-5 5 5",
} as const;

export type IconName = keyof typeof shapes;

/** A decorative icon, beside words or within a button that has a name. */
export function Icon({ name }: { readonly name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={shapes[name]} />
    </svg>
  );
}
