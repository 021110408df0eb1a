import { fileURLToPath } from "node:url";

/** The folder of the page's built files, with the entry `index.html`. Files in `assets/` have a hash of their content as name. */
export const pageDirectory: string = fileURLToPath(new URL("./page", import.meta.url));
