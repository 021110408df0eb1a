import { computed } from "@preact/signals";
import { services } from "../api/names.js";

/** The number of colours in `styles/base.css`, which colour-blind people can tell apart. */
export const colourCount = 12;

const slots = computed(() => assignColours(services.value));

/** The class of a service's colour. */
export function colourOf(service: string): string {
  return `c${slots.value.get(service) ?? hashOf(service) % colourCount}`;
}

/**
 * Assigns different colours to services as long as there are enough. Most services keep theirs when others come.
 * @param names sorted.
 */
export function assignColours(names: readonly string[]): ReadonlyMap<string, number> {
  const assigned = new Map<string, number>();
  let free = new Set<number>();
  for (const name of names) {
    if (free.size === 0) free = new Set(Array.from({ length: colourCount }, (_, i) => i));
    let slot = hashOf(name) % colourCount;
    while (!free.has(slot)) slot = (slot + 1) % colourCount;
    free.delete(slot);
    assigned.set(name, slot);
  }
  return assigned;
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
