/** A container of an example, whichever tool describes it: what it needs to run, in the container's own terms. */
export interface Workload {
  /** The name that others reach it by. */
  readonly host: string;
  /** Without its version. */
  readonly image: string;
  /** The program to run in place of the image's own; empty: the image's own. */
  readonly entrypoint: readonly string[];
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly files: readonly { readonly path: string; readonly content: string }[];
  /** Folders that it keeps data in. */
  readonly folders: readonly string[];
  /** The ports that other workloads use. */
  readonly ports: readonly number[];
  readonly ready: Readiness | undefined;
}

/** The check that it can serve; without a path a gRPC health check. */
export interface Readiness {
  readonly port: number;
  readonly path: string | undefined;
  /** Whether it is asked over TLS, without a look at its certificate: as Kubernetes does. */
  readonly tls?: boolean;
}
