// The filter language is a separate chunk, so that the first view does not wait for it.

export { completeFilter } from "./completion.js";
export { addCondition, conditionOf, type Reference } from "./conditions.js";
export { fieldsOfFilter, filterOfFields } from "./form-fields.js";
export { faultOf, literalsOf, withinTrace } from "./texts.js";
