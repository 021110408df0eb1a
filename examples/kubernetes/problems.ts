import { networkProblems } from "./network-problems.js";
import {
  type Container,
  type KubernetesObject,
  kindAmong,
  labelsOf,
  matches,
  portsOf,
  type Selector,
  type ServiceObject,
  type WorkloadObject,
  workloadsAmong,
} from "./objects.js";

/**
 * Finds problems that no schema sees: references of one object to another that lead nowhere, and pods that are less careful than
 * the examples mean to be. Each problem is a line that names the object.
 */
export function problemsOf(objects: readonly KubernetesObject[]): string[] {
  return [
    ...workloadsAmong(objects).flatMap((workload) => workloadProblems(workload, objects)),
    ...selectorProblems(objects),
    ...unusedProblems(objects),
    ...networkProblems(objects),
  ];
}

function workloadProblems(workload: WorkloadObject, objects: readonly KubernetesObject[]): string[] {
  const { spec } = workload;
  const pod = spec.template.spec;
  const problems: string[] = [];
  const complain = (text: string) => problems.push(`${nameOf(workload)}: ${text}`);
  const exists = (kind: string, name: string) => {
    if (!objects.some((object) => object.kind === kind && object.metadata.name === name)) {
      complain(`there is no ${kind} ${name}`);
    }
  };
  if (!matches(spec.selector.matchLabels, labelsOf(workload)))
    complain("its selector is not of its own pods");
  if (spec.serviceName !== undefined) exists("Service", spec.serviceName);
  if (pod.serviceAccountName !== undefined) exists("ServiceAccount", pod.serviceAccountName);
  else if (pod.automountServiceAccountToken !== false) complain("it mounts a token that it does not need");
  if (pod.securityContext?.runAsNonRoot !== true) complain("it may run as root");
  if (pod.securityContext?.seccompProfile?.type !== "RuntimeDefault") complain("it has no seccomp profile");
  for (const { configMap, secret } of pod.volumes ?? []) {
    if (configMap) exists("ConfigMap", configMap.name);
    if (secret) exists("Secret", secret.secretName);
  }

  const volumes = [
    ...(pod.volumes ?? []),
    ...(spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata),
  ];
  const mounted = pod.containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name));
  for (const name of mounted)
    if (!volumes.some((volume) => volume.name === name)) complain(`no volume ${name}`);
  for (const { name } of volumes) if (!mounted.includes(name)) complain(`nothing mounts the volume ${name}`);

  for (const container of pod.containers) {
    for (const problem of containerProblems(container)) complain(problem);
    const { seconds = 0 } = container.lifecycle?.preStop?.sleep ?? {};
    if (/(^|\/)spanstore:/.test(container.image)) {
      if (seconds === 0) complain("it refuses calls while callers still have its address");
      // --shutdown.grace is 10 s.
      if ((pod.terminationGracePeriodSeconds ?? 30) <= seconds + 10)
        complain("it is killed within its grace");
    }
    for (const { configMapRef, secretRef } of container.envFrom ?? []) {
      if (configMapRef) exists("ConfigMap", configMapRef.name);
      if (secretRef) exists("Secret", secretRef.name);
    }
    for (const { valueFrom } of container.env ?? []) {
      if (valueFrom?.secretKeyRef) exists("Secret", valueFrom.secretKeyRef.name);
    }
  }
  return problems;
}

function containerProblems(container: Container): string[] {
  const problems: string[] = [];
  const { image, env = [], ports = [], resources, securityContext } = container;
  if (!/:\d[\w.]*$/.test(image)) problems.push(`the image ${image} has no version`);
  if (!resources?.requests?.cpu || !resources.requests.memory || !resources.limits?.memory) {
    problems.push("its resources are not bounded");
  }
  if (securityContext?.allowPrivilegeEscalation !== false) problems.push("it may gain privileges");
  if (!securityContext?.capabilities?.drop?.includes("ALL")) problems.push("it keeps capabilities");
  // Kubernetes puts in the value of a variable only where that stands before.
  env.forEach(({ value = "" }, i) => {
    for (const [, name] of value.matchAll(/\$\((\w+)\)/g)) {
      if (!env.slice(0, i).some((other) => other.name === name))
        problems.push(`$(${name}) is not set before`);
    }
  });
  for (const kind of ["readinessProbe", "livenessProbe", "startupProbe"] as const) {
    const probe = container[kind];
    if (probe === undefined) {
      if (kind !== "startupProbe") problems.push(`it has no ${kind}`);
      continue;
    }
    const port = probe.httpGet?.port ?? probe.tcpSocket?.port ?? probe.grpc?.port;
    if (!ports.some(({ name, containerPort }) => name === port || containerPort === port)) {
      problems.push(`its ${kind} asks the port ${port}, which it does not have`);
    }
  }
  return problems;
}

function selectorProblems(objects: readonly KubernetesObject[]): string[] {
  const workloads = workloadsAmong(objects);
  const problems: string[] = [];
  for (const service of kindAmong<ServiceObject>(objects, "Service")) {
    const chosen = workloads.filter((workload) => matches(service.spec.selector, labelsOf(workload)));
    if (chosen.length !== 1) problems.push(`${nameOf(service)}: it selects ${chosen.length} workloads`);
    const ports = chosen.flatMap(portsOf);
    for (const { targetPort, protocol = "TCP" } of service.spec.ports) {
      if (!ports.some((port) => port.name === targetPort && (port.protocol ?? "TCP") === protocol)) {
        problems.push(`${nameOf(service)}: there is no port ${targetPort}`);
      }
    }
  }
  type Budget = KubernetesObject & {
    readonly spec: { readonly selector: Selector; readonly minAvailable: number };
  };
  for (const budget of kindAmong<Budget>(objects, "PodDisruptionBudget")) {
    const { selector, minAvailable } = budget.spec;
    const [chosen] = workloads.filter((workload) => matches(selector.matchLabels, labelsOf(workload)));
    if (chosen === undefined) problems.push(`${nameOf(budget)}: it selects no workload`);
    else if ((chosen.spec.replicas ?? 1) <= minAvailable)
      problems.push(`${nameOf(budget)}: no pod may ever go`);
  }
  for (const binding of kindAmong(objects, "ClusterRoleBinding")) {
    const named = [...(binding.subjects ?? []), ...(binding.roleRef ? [binding.roleRef] : [])];
    for (const { kind, name } of named) {
      if (!objects.some((object) => object.kind === kind && object.metadata.name === name)) {
        problems.push(`${nameOf(binding)}: there is no ${kind} ${name}`);
      }
    }
  }
  return problems;
}

/** ConfigMaps and Secrets that nothing reads: left over, or called by a wrong name. */
function unusedProblems(objects: readonly KubernetesObject[]): string[] {
  const text = JSON.stringify(workloadsAmong(objects));
  return objects
    .filter(({ kind }) => kind === "ConfigMap" || kind === "Secret")
    .filter(({ metadata }) => !text.includes(JSON.stringify(metadata.name)))
    .map((object) => `${nameOf(object)}: nothing reads it`);
}

function nameOf({ kind, metadata }: KubernetesObject): string {
  return `${kind} ${metadata.name}`;
}
