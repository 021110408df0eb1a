import { defaultTenantHeader, isTenantHeader } from "@spanstore/client/wire";
import { z } from "zod";
import { anyTenant } from "../../routing/tenancy.js";
import { option } from "../option.js";
import { flag, formatMillis, keeping, perTenant, rate, timer, words } from "../values.js";

/** Retention. */
export const retentionOptions = {
  retention: option(
    "TIME|none",
    "How long spans are kept. Older ones are removed, as whole tables or indices when the backend has these. The archive is not affected.",
    z
      .union([z.literal("none"), keeping], "must be a length of time, for example 7d, or none")
      .default("none"),
    { format: formatMillis },
  ),
  "retention-interval": option(
    "TIME",
    "The interval of retention, give or take a fifth.",
    timer.default(3_600_000),
    { format: formatMillis },
  ),
};

/** Tenants. */
export const tenantOptions = {
  "tenancy.enabled": option(
    "",
    "Give each tenant a separate store; a header names the tenant of a call.",
    flag.default(false),
  ),
  "tenancy.header": option(
    "NAME",
    "The header that names the tenant, as in Jaeger's multi_tenancy.header.",
    z
      .string()
      .refine(isTenantHeader, "must be the name of a header, for example x-tenant")
      .default(defaultTenantHeader),
  ),
  "tenancy.tenants": option(
    "NAME,NAME|any",
    "The tenants to serve, by name or by a pattern with *; others are refused.",
    words.default([anyTenant]),
  ),
  "tenancy.required": option(
    "true|false",
    "Whether calls without a tenant are refused; else they use the default tenant's store.",
    flag.default(true),
  ),
  "tenancy.retention": option(
    "NAME=TIME,NAME=TIME",
    "How long spans of these tenants are kept, in place of --retention. A name may contain *; the first that matches counts.",
    perTenant(keeping, "acme=30d,free-*=1d").default([]),
    { format: formatMillis },
  ),
  "tenancy.bytes-per-second": option(
    "NAME=SIZE,NAME=SIZE",
    "How much these tenants may write in a second, in place of --limits.bytes-per-second. Names as above.",
    perTenant(rate, "acme=10MiB,free-*=100KiB").default([]),
  ),
};

/** For test systems and old versions of Jaeger only. */
export const specialOptions = {
  "allow-purge": option(
    "",
    "Let POST /purge on the admin port empty the store, and POST /delete-before?time=NANOS delete spans that started earlier. For test systems.",
    flag.default(false),
  ),
  "storage-v1.declare-streaming": option(
    "",
    "Have Jaeger 1 up to 1.65 write by streams: faster, but it counts a span as written once it is sent. Later versions lose spans this way.",
    flag.default(false),
  ),
};
