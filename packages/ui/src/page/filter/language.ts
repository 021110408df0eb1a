// The filter language, a chunk of its own: the first view is there without it.

export { completeFilter } from "./completion.js";
export { addCondition, conditionOf, type Reference } from "./conditions.js";
export { fieldsOfFilter, filterOfFields } from "./form-fields.js";
export { faultOf, literalsOf, withinTrace } from "./texts.js";
