import type { OptionName } from "../options.js";
import { accessOptions } from "./access-options.js";
import type { OptionDescription } from "./description.js";
import { limitOptions } from "./limit-options.js";
import { storageOptions } from "./storage-options.js";

/** What the help says of every option. */
export const descriptions: Readonly<Record<OptionName, OptionDescription>> = {
  ...storageOptions,
  ...accessOptions,
  ...limitOptions,
};
