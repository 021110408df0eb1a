/** The services of the data set: the front ones take requests from outside. */
export const frontServices = [
  "web-frontend",
  "mobile-gateway",
  "partner-api",
  "admin-console",
  "search-ui",
  "checkout-web",
];
export const innerServices = [
  "cart", "catalog", "pricing", "inventory", "orders", "payments", "shipping", "accounts", "auth", "profile",
  "recommendations", "reviews", "search", "ads", "email", "notifications", "fraud", "ledger", "tax", "media",
  "sessions", "audit", "reports", "feature-flags",
]; // biome-ignore format: a list to be read across
export const services = [...frontServices, ...innerServices];

/** How many instances (pods) each service has; every one is a resource of its own. */
export const instancesPerService = 4;

export const nouns = [
  "order",
  "product",
  "basket",
  "customer",
  "invoice",
  "session",
  "review",
  "shipment",
  "coupon",
  "refund",
];
export const verbs = ["Get", "List", "Create", "Update", "Reserve", "Validate", "Resolve", "Score"];
export const databases = ["postgresql", "mysql", "mongodb", "redis"];
export const topics = ["order-events", "mail-outbox", "audit-trail", "stock-changes"];

/** The values of `app.tenant`, one a trace: each on 1 trace in 10. */
export const tenants = Array.from({ length: 10 }, (_, i) => `tenant-${String(i).padStart(2, "0")}`);
/** The values of `app.experiment`, one a span: the common ones each on about 1 span in 4. */
export const commonExperiments = ["control", "blue", "green", "holdout"];
/** In place of a common one: each on 1 span in {@link rareOneIn}. */
export const rareExperiments = Array.from({ length: 10 }, (_, i) => `canary-${i}`);
export const rareOneIn = 10_000;
export const experiments = [...commonExperiments, ...rareExperiments];
/** The values of `user_agent.original`, one a trace. */
export const userAgents = [
  "Mozilla/5.0 (X11)",
  "Mozilla/5.0 (Mac)",
  "okhttp/4.12",
  "curl/8.5",
  "GoogleBot/2.1",
  "app-ios/7.3",
];
/** The values of `enduser.id` are `u-0` to below `u-` and this, one a trace. */
export const endUsers = 20_000;

export const errorTypes = ["TimeoutError", "ConnectionReset", "ValidationError", "DeadlockDetected"];
