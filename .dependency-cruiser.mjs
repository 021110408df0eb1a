// Which way imports run: between packages, and between the rooms of each. Type-only imports count.

/** Rooms from the lowest to the highest; a file imports from its own room and from lower ones. */
const core = [
  "src/errors",
  "src/model",
  "src/otlp",
  "src/otlp/json",
  "src/query/filter/language",
  "src/query/filter/forms",
  "src/query/filter/match",
  "src/query/filter/resolve",
  "src/query/traceql",
  "src/query",
  "src/terms",
  "src/fragments",
  "src/watch",
  "src/store/contract",
  "src/store/reading",
  "src/store/metrics",
  "src/store/lifecycle",
  "src/store",
  "src/memory",
  "src/engine-kit/ledgers",
  "src/engine-kit",
];
const engine = ["connection", "schema", "terms", "coordination", "read", "write", "maintenance"];

/** Packages and what each may import of the others. */
const packages = {
  core: [],
  jaeger: ["core"],
  client: ["core"],
  "otel-exporter": ["core"],
  sqlite: ["core"],
  manticore: ["core"],
  elasticsearch: ["core", "jaeger"],
  rpc: ["core", "client"],
  ui: ["core"],
  watch: ["core"],
  http: ["core", "jaeger", "client", "ui"],
  "grpc-server": ["core", "jaeger", "client", "rpc", "http", "watch", "sqlite", "manticore", "elasticsearch"],
  cli: ["core", "jaeger", "client", "watch", "grpc-server"],
};

const allowed = Object.entries(packages).map(([name, others]) => ({
  name: `packages: ${name}`,
  comment: `${name} imports ${others.length === 0 ? "no other package" : others.join(", ")} of ours`,
  severity: "error",
  from: { path: `^packages/${name}/src/` },
  // By its path where it is built, else by its name.
  to: {
    path: "^(packages|@spanstore)/",
    pathNot: `^(packages|@spanstore)/(${[name, ...others].join("|")})(/|$)`,
  },
}));

function rooms(folder, order) {
  return order.slice(0, -1).map((room, index) => ({
    name: `rooms: ${folder}/${room}`,
    comment: `${room} imports no higher room: ${order.slice(index + 1).join(", ")}`,
    severity: "error",
    from: { path: `^packages/${folder}/${room}/[^/]+$` },
    to: { path: `^packages/${folder}/(${order.slice(index + 1).join("|")})/[^/]+$` },
  }));
}

export default {
  forbidden: [
    {
      name: "no circles",
      severity: "error",
      from: { path: "^packages/[^/]+/src/" },
      to: { circular: true },
    },
    ...allowed,
    ...rooms("core", core),
    ...["sqlite", "manticore", "elasticsearch"].flatMap((name) =>
      rooms(
        name,
        engine.map((room) => `src/${room}`),
      ),
    ),
  ],
  options: {
    doNotFollow: { path: "node_modules|/dist/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.base.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "node"] },
  },
};
