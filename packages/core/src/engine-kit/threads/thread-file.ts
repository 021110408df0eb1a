import { createRequire } from "node:module";
import { SpanStoreError } from "../../errors/errors.js";

/**
 * The URL of a file that an engine runs as a thread.
 * @param from the `import.meta.url` of the module beside the file.
 * @param packageName the engine's package.
 * @throws DRIVER_UNAVAILABLE when the file is missing, as in a bundle.
 */
export function threadFile(name: string, from: string | undefined, packageName: string): URL {
  try {
    // A CommonJS bundle has no import.meta.url: `from` is undefined then, and this line throws, too.
    createRequire(from as string).resolve(name);
    return new URL(name, from);
  } catch (cause) {
    throw new SpanStoreError("DRIVER_UNAVAILABLE", `${packageName} lacks its file ${name}`, {
      hint: `a bundler leaves it out: install ${packageName} where the program runs, and bundle with --external:${packageName}`,
      cause,
    });
  }
}
