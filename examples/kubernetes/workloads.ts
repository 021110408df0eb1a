import type { Workload } from "../processes/workload.js";
import {
  type Container,
  type KubernetesObject,
  kindAmong,
  type Labels,
  labelsOf,
  matches,
  type ServiceObject,
  type WorkloadObject,
  workloadsAmong,
} from "./objects.js";

/** The pods that kubernetes would run of these objects, one of each, in the order of their dependencies. */
export function workloadsOf(objects: readonly KubernetesObject[]): Workload[] {
  const order = ["manticore", "elasticsearch", "spanstore", "jaeger-collector", "jaeger-query", "agent"];
  const place = ({ metadata }: WorkloadObject) => order.indexOf(metadata.name);
  return workloadsAmong(objects)
    .sort((a, b) => place(a) - place(b))
    .map((workload) => workloadOf(workload, objects));
}

function workloadOf(workload: WorkloadObject, objects: readonly KubernetesObject[]): Workload {
  const { spec } = workload.spec.template;
  const [container] = spec.containers;
  if (container === undefined || spec.containers.length > 1)
    throw new Error("a pod of one container is meant");
  const dataOf: DataOf = (kind, name) => {
    const data = kindAmong(objects, kind).find(({ metadata }) => metadata.name === name)?.data ?? {};
    return kind === "Secret" ? decoded(data) : data;
  };
  const mounts = container.volumeMounts ?? [];
  return {
    host: hostOf(labelsOf(workload), objects),
    image: imageOf(container),
    entrypoint: container.command ?? [],
    args: container.args ?? [],
    env: envOf(container, dataOf),
    files: mounts.flatMap(({ name, mountPath }) => {
      const volume = spec.volumes?.find((each) => each.name === name);
      const files = {
        ...(volume?.configMap && dataOf("ConfigMap", volume.configMap.name)),
        ...(volume?.secret && dataOf("Secret", volume.secret.secretName)),
      };
      return Object.entries(files).map(([file, content]) => ({ path: `${mountPath}/${file}`, content }));
    }),
    folders: mounts
      .filter(({ name }) =>
        workload.spec.volumeClaimTemplates?.some(({ metadata }) => metadata.name === name),
      )
      .map(({ mountPath }) => mountPath),
    ports: (container.ports ?? []).map(({ containerPort }) => containerPort),
    ready: readinessOf(container),
  };
}

/** The contents of a ConfigMap or a Secret, by their names. */
type DataOf = (kind: "ConfigMap" | "Secret", name: string) => Readonly<Record<string, string>>;

function decoded(data: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(data).map(([name, text]) => [name, Buffer.from(text, "base64").toString()]),
  );
}

function hostOf(labels: Labels, objects: readonly KubernetesObject[]): string {
  const service = kindAmong<ServiceObject>(objects, "Service").find(({ spec }) =>
    matches(spec.selector, labels),
  );
  if (service === undefined) throw new Error("a workload without a Service");
  return service.metadata.name;
}

function imageOf({ image }: Container): string {
  // Each user pushes this repository's image to a registry of their own.
  return image.replace(/:[^:/]*$/, "").replace(/^registry\.example\.com\//, "");
}

function envOf({ env = [], envFrom = [] }: Container, dataOf: DataOf): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const { configMapRef, secretRef } of envFrom) {
    if (configMapRef !== undefined) Object.assign(variables, dataOf("ConfigMap", configMapRef.name));
    if (secretRef !== undefined) Object.assign(variables, dataOf("Secret", secretRef.name));
  }
  for (const { name, value, valueFrom } of env) {
    const secret = valueFrom?.secretKeyRef;
    const text = (secret && dataOf("Secret", secret.name)[secret.key]) ?? value ?? "";
    variables[name] = text.replace(/\$\((\w+)\)/g, (whole, other: string) => variables[other] ?? whole);
  }
  return variables;
}

function readinessOf({ readinessProbe, ports = [] }: Container): Workload["ready"] {
  const numberOf = (port: string | number) =>
    typeof port === "number" ? port : (ports.find(({ name }) => name === port)?.containerPort ?? 0);
  if (readinessProbe?.httpGet !== undefined) {
    const { port, path, scheme } = readinessProbe.httpGet;
    return { port: numberOf(port), path, tls: scheme === "HTTPS" };
  }
  return readinessProbe?.grpc && { port: readinessProbe.grpc.port, path: undefined };
}
