import {
  type Container,
  type ContainerPort,
  type KubernetesObject,
  kindAmong,
  labelsOf,
  matches,
  type NetworkPolicyObject,
  type Peer,
  type PolicyPort,
  portsOf,
  type ServiceObject,
  type WorkloadObject,
  workloadsAmong,
} from "./objects.js";

/** An address that a workload is configured to call. */
export interface Call {
  readonly from: WorkloadObject;
  readonly host: string;
  readonly port: number;
}

/**
 * Policies that name what is not there, and calls that they do not let through: every address in a workload's
 * arguments, variables and files must be a Service's, and both ends' policies must allow it.
 */
export function networkProblems(objects: readonly KubernetesObject[]): string[] {
  const problems = policyProblems(objects);
  const services = kindAmong<ServiceObject>(objects, "Service");
  for (const { from, host, port } of callsOf(objects)) {
    const name = `${from.metadata.name} calls ${host}:${port}`;
    const service = services.find(({ metadata }) => metadata.name === host);
    const servicePort = service?.spec.ports.find((each) => each.port === port);
    if (service === undefined || servicePort === undefined) {
      problems.push(`${name}: no Service has that address`);
      continue;
    }
    const to = workloadsAmong(objects).find((workload) => matches(service.spec.selector, labelsOf(workload)));
    const target = to && portsOf(to).find((each) => each.name === servicePort.targetPort);
    if (to === undefined || target === undefined) continue;
    if (!allows(objects, "egress", from, to, target)) problems.push(`${name}: no policy lets it out`);
    if (!allows(objects, "ingress", to, from, target)) problems.push(`${name}: no policy lets it in`);
  }
  return problems;
}

/** Every HOST:PORT that is configured and whose host is the name of a Service, or would be of one that is missing. */
export function callsOf(objects: readonly KubernetesObject[]): Call[] {
  return workloadsAmong(objects).flatMap((from) => {
    const texts = from.spec.template.spec.containers.flatMap((container) =>
      textsOf(container, from, objects),
    );
    const calls = new Map<string, Call>();
    for (const text of texts) {
      for (const [, host = "", port] of text.matchAll(/(?:\/\/|@|=)([a-z][a-z0-9-]*):(\d{2,5})\b/g)) {
        calls.set(`${host}:${port}`, { from, host, port: Number(port) });
      }
    }
    return [...calls.values()];
  });
}

function textsOf(
  { args = [], command = [], env = [], envFrom = [] }: Container,
  { spec }: WorkloadObject,
  objects: readonly KubernetesObject[],
): string[] {
  const maps = [
    ...envFrom.map(({ configMapRef }) => configMapRef?.name),
    ...(spec.template.spec.volumes ?? []).map(({ configMap }) => configMap?.name),
  ];
  const data = kindAmong(objects, "ConfigMap").filter(({ metadata }) => maps.includes(metadata.name));
  return [
    ...command,
    ...args,
    ...env.map(({ value = "" }) => value),
    ...data.flatMap((map) => Object.values(map.data ?? {})),
  ];
}

function allows(
  objects: readonly KubernetesObject[],
  direction: "ingress" | "egress",
  chosen: WorkloadObject,
  other: WorkloadObject,
  target: ContainerPort,
): boolean {
  return kindAmong<NetworkPolicyObject>(objects, "NetworkPolicy")
    .filter(({ spec }) => matches(spec.podSelector.matchLabels, labelsOf(chosen)))
    .flatMap(({ spec }) =>
      direction === "ingress"
        ? (spec.ingress ?? []).map(({ from: peers, ports }) => ({ peers, ports }))
        : (spec.egress ?? []).map(({ to: peers, ports }) => ({ peers, ports })),
    )
    .some(
      ({ peers, ports }) =>
        (peers === undefined || peers.some((peer) => isPeer(peer, other))) &&
        (ports === undefined || ports.some((port) => isPort(port, target))),
    );
}

/** Whether a peer of a policy takes a pod of the same namespace. */
function isPeer({ podSelector, namespaceSelector }: Peer, workload: WorkloadObject): boolean {
  if (namespaceSelector !== undefined && Object.keys(namespaceSelector).length > 0) return false;
  return matches(podSelector?.matchLabels, labelsOf(workload));
}

function isPort({ port, protocol = "TCP" }: PolicyPort, target: ContainerPort): boolean {
  return (port === target.name || port === target.containerPort) && protocol === (target.protocol ?? "TCP");
}

function policyProblems(objects: readonly KubernetesObject[]): string[] {
  const workloads = workloadsAmong(objects);
  const problems: string[] = [];
  for (const { metadata, spec } of kindAmong<NetworkPolicyObject>(objects, "NetworkPolicy")) {
    const complain = (text: string) => problems.push(`NetworkPolicy ${metadata.name}: ${text}`);
    const select = (labels: Readonly<Record<string, string>> | undefined) =>
      workloads.filter((workload) => matches(labels, labelsOf(workload)));
    const chosen = select(spec.podSelector.matchLabels);
    if (chosen.length === 0) complain("it selects no pods");
    const check = (pods: readonly WorkloadObject[], ports: readonly PolicyPort[] = []) => {
      for (const port of ports) {
        if (
          typeof port.port === "number" ||
          pods.some((pod) => portsOf(pod).some((each) => isPort(port, each)))
        )
          continue;
        complain(`no pod that it is about has the port ${port.port}`);
      }
    };
    for (const { from = [], ports } of spec.ingress ?? []) {
      for (const peer of from)
        if (isOfHere(peer) && select(peer.podSelector?.matchLabels).length === 0)
          complain("it lets no client in");
      check(chosen, ports);
    }
    for (const { to = [], ports } of spec.egress ?? []) {
      const targets = to.filter(isOfHere).flatMap((peer) => select(peer.podSelector?.matchLabels));
      if (to.some(isOfHere) && targets.length === 0) complain("it lets no call out");
      check(targets, ports);
    }
  }
  return problems;
}

function isOfHere({ namespaceSelector }: Peer): boolean {
  return namespaceSelector === undefined;
}
