import { services } from "../data/vocabulary.js";

/** Fifty filters of the kinds that people watch: most of them match little. */
export const watchedFilters: readonly string[] = [
  ...services
    .slice(0, 20)
    .map((service) => `{ resource.service.name = "${service}" && status = error && duration > 10s }`),
  ...services
    .slice(0, 10)
    .map((service) => `{ resource.service.name = "${service}" && span.http.response.status_code >= 599 }`),
  ...services
    .slice(0, 10)
    .map((service) => `{ resource.service.name = "${service}" && name = "of no span" }`),
  `{ status = error && span.app.tenant = "tenant-77" }`,
  `{ span.app.experiment = "canary-3" }`,
  `{ span.db.response.returned_rows > 1000000 }`,
  `{ duration > 29s }`,
  `{ span.request.id = "of no span" }`,
  `{ kind = producer && status = error }`,
  `{ span.user_agent.original =~ "curl.*" && status = error }`,
  `{ name =~ "GET /nothing.*" && span.http.route = "/nothing" }`,
  `{ resource.k8s.pod.name = "of no pod" }`,
  `{ span.app.queue.depth > 100000 }`,
];
