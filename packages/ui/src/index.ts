import { fileURLToPath } from "node:url";

/** The folder of the page's built files; `index.html` is its entry, and files in `assets/` never change what they hold. */
export const pageDirectory: string = fileURLToPath(new URL("./page", import.meta.url));
