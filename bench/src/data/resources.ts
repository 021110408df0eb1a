import { Buffer } from "node:buffer";
import { attributeField } from "../wire/attributes.js";
import { createWriter, putBytes, putText, written } from "../wire/writer.js";
import { mix } from "./random.js";
import { instancesPerService, services } from "./vocabulary.js";

const languages = ["java", "go", "nodejs", "python"];

function hex(seed: number, digits: number): string {
  let text = "";
  for (let i = 0; text.length < digits; i++)
    text += mix(seed + i * 77)
      .toString(16)
      .padStart(8, "0");
  return text.slice(0, digits);
}

/** The five attributes of one instance of a service, as fields of opentelemetry.proto.resource.v1.Resource. */
function resourceOf(service: string, index: number, instance: number): Buffer {
  const seed = mix(index * 64 + instance);
  return Buffer.concat([
    attributeField(1, "service.name", service),
    attributeField(1, "service.version", `2.${index % 9}.${seed % 20}`),
    attributeField(1, "service.instance.id", hex(seed, 16)),
    attributeField(1, "deployment.environment.name", instance === 0 ? "canary" : "production"),
    attributeField(1, "k8s.pod.name", `${service}-${hex(seed + 1, 9)}-${hex(seed + 2, 5)}`),
  ]);
}

/**
 * Everything of a ResourceSpans message that comes before its spans, by service and instance:
 * the Resource field whole, and the Scope field of its one ScopeSpans.
 */
export interface ResourceTemplate {
  /** ResourceSpans.resource, tag and length included. */
  readonly resource: Buffer;
  /** ScopeSpans.scope, tag and length included. */
  readonly scope: Buffer;
}

/** Index `service * instancesPerService + instance`. */
export const resources: readonly ResourceTemplate[] = services.flatMap((service, index) =>
  Array.from({ length: instancesPerService }, (_, instance) =>
    resourceTemplate(service, index, resourceOf(service, index, instance)),
  ),
);

/** A template for a service outside the vocabulary. */
export function namedResource(service: string): ResourceTemplate {
  return resourceTemplate(service, services.length, resourceOf(service, services.length, 1));
}

function resourceTemplate(_service: string, index: number, attributes: Buffer): ResourceTemplate {
  const resource = createWriter(256);
  putBytes(resource, 1, attributes);
  const scopeContent = createWriter(64);
  putText(scopeContent, 1, `io.otel.${languages[index % languages.length]}`);
  putText(scopeContent, 2, "1.31.0");
  const scope = createWriter(64);
  putBytes(scope, 1, written(scopeContent));
  return { resource: written(resource), scope: written(scope) };
}
