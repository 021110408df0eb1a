/** The most tries; each plays a whole case. */
const maxTries = 1000;

/**
 * Removes elements of lists from a failing case while it still fails, outer lists first, so that the rest is short enough to
 * read.
 * @param fails whether a case fails for the same reason as the whole one.
 */
export async function minimize<T>(whole: T, fails: (smaller: T) => Promise<boolean>): Promise<T> {
  let smallest = whole;
  let tries = 0;
  for (let changed = true; changed; ) {
    changed = false;
    for (const path of pathsOfElements(smallest)) {
      if (tries++ >= maxTries) return smallest;
      const smaller = without(smallest, path);
      if (!(await fails(smaller))) continue;
      smallest = smaller;
      changed = true;
      // The removal has changed the paths of later elements.
      break;
    }
  }
  return smallest;
}

type Path = readonly (string | number)[];

/** Every element of every list, outer ones first and later ones before earlier ones. */
function pathsOfElements(value: unknown): Path[] {
  const paths: Path[] = [];
  const visit = (at: unknown, path: Path): void => {
    if (typeof at !== "object" || at === null || at instanceof Uint8Array) return;
    for (const [key, inner] of Object.entries(at).reverse()) {
      const innerPath = [...path, Array.isArray(at) ? Number(key) : key];
      if (Array.isArray(at)) paths.push(innerPath);
      visit(inner, innerPath);
    }
  };
  visit(value, []);
  return paths.sort((a, b) => a.length - b.length);
}

function without<T>(value: T, [key, ...rest]: Path): T {
  if (Array.isArray(value)) {
    const changed = rest.length === 0 ? [] : [without(value[key as number], rest)];
    return [...value.slice(0, key as number), ...changed, ...value.slice((key as number) + 1)] as T;
  }
  const record = value as Record<string, unknown>;
  return { ...record, [key as string]: without(record[key as string], rest) } as T;
}
