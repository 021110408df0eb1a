/** A server under test: how it is started, again and again on the same data. */
export interface Target {
  readonly name: string;
  /** For the report: what it is and how durable an acknowledgement of it is. */
  readonly about: string;
  /** The command line as a reader of the report would type it. */
  readonly command: string;
  /** Whether the data is still there after a restart. */
  readonly persistent: boolean;
  /** Whether it claims to give every span back byte for byte. */
  readonly keepsBytes: boolean;
  start(): Promise<RunningServer>;
}

export interface RunningServer {
  readonly address: string;
  /** Of its HTTP API, where it has one. */
  readonly httpAddress?: string;
  /** Absent when the server was started by someone else and which process it is, is not known. */
  readonly processes?: readonly number[];
  /** The folder of its data; absent for a server that keeps none on disk. */
  readonly dataDirectory?: string;
  /** Seconds from the start of the process to the first answer. */
  readonly readySeconds: number;
  /** SIGTERM, and SIGKILL to one that has not ended a minute later; resolves to the seconds it took. */
  stop(): Promise<number>;
}
