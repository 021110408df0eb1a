import { Graph, layout } from "@dagrejs/dagre";
import type { Dependency } from "../api/server.js";

export interface GraphNode {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly calls: number;
}

export interface GraphEdge extends Dependency {
  readonly points: readonly { readonly x: number; readonly y: number }[];
  /** The position of its number. */
  readonly middle: { readonly x: number; readonly y: number };
}

export interface LaidOut {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export const nodeHeight = 38;
const characterWidth = 7.4;

/** Lays services out from left to right, callers before the services that they call. */
export function layOut(calls: readonly Dependency[]): LaidOut {
  const graph = new Graph({ multigraph: false });
  graph.setGraph({ rankdir: "LR", nodesep: 26, ranksep: 90 });
  graph.setDefaultEdgeLabel(() => ({}));
  const names = new Set(calls.flatMap(({ parent, child }) => [parent, child]));
  for (const name of names) {
    const width = Math.min(240, Math.max(90, name.length * characterWidth + 38));
    graph.setNode(name, { width, height: nodeHeight });
  }
  for (const { parent, child } of calls) if (parent !== child) graph.setEdge(parent, child, {});
  layout(graph);
  const callsOf = new Map<string, number>();
  for (const { child, callCount } of calls) callsOf.set(child, (callsOf.get(child) ?? 0) + callCount);
  const nodes = [...names].map((name) => {
    const { x, y, width } = graph.node(name) as { x: number; y: number; width: number };
    return { name, x, y, width, calls: callsOf.get(name) ?? 0 };
  });
  const edges = calls.map((call): GraphEdge => {
    const points = call.parent === call.child ? loop(nodes, call.child) : pointsOf(graph, call);
    return { ...call, points, middle: points[Math.floor(points.length / 2)] ?? { x: 0, y: 0 } };
  });
  return { nodes, edges, ...boxOf(nodes, edges) };
}

const margin = 16;

/** The box around all nodes and edges; edges may bend out of the nodes' box. */
function boxOf(
  nodes: readonly GraphNode[],
  edges: readonly GraphEdge[],
): Pick<LaidOut, "left" | "top" | "width" | "height"> {
  const points = [
    ...edges.flatMap((edge) => edge.points),
    ...nodes.flatMap(({ x, y, width }) => [
      { x: x - width / 2, y: y - nodeHeight / 2 },
      { x: x + width / 2, y: y + nodeHeight / 2 },
    ]),
  ];
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const left = Math.min(...xs) - margin;
  const top = Math.min(...ys) - margin;
  return { left, top, width: Math.max(...xs) + margin - left, height: Math.max(...ys) + margin - top };
}

function pointsOf(graph: Graph, { parent, child }: Dependency): GraphEdge["points"] {
  return (graph.edge(parent, child) as { points: { x: number; y: number }[] }).points;
}

/** The edge of a service that calls itself. */
function loop(nodes: readonly GraphNode[], name: string): GraphEdge["points"] {
  const node = nodes.find((one) => one.name === name);
  if (node === undefined) return [];
  const { x, y } = node;
  const top = y - nodeHeight / 2;
  return [
    { x: x - 14, y: top },
    { x: x - 14, y: top - 14 },
    { x: x + 14, y: top - 14 },
    { x: x + 14, y: top },
  ];
}
