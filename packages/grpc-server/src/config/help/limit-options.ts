import type { DescriptionsOf } from "./description.js";

/** How much is let in, and what is said of it. */
export const limitOptions = {
  "grpc.max-receive-message-bytes": {
    group: "Limits",
    placeholder: "SIZE",
    help: "The largest request taken, after decompression.",
  },
  "limits.waiting-bytes": {
    group: "Limits",
    placeholder: "SIZE",
    help: "Requests to write, of all callers together, that arrive or are not durable yet; more are refused, and streams held back.",
  },
  "limits.arrival-time": {
    group: "Limits",
    placeholder: "TIME",
    help: "How long a request may take to arrive, once its call has begun; a slower one ends with DEADLINE_EXCEEDED.",
  },
  "limits.connections": {
    group: "Limits",
    placeholder: "NUMBER",
    help: "Connections to the ports of gRPC, and to each of HTTP; fewer where the process may open few files. One more takes the place of the one that has been idle for longest.",
  },
  "limits.calls": {
    group: "Limits",
    placeholder: "NUMBER",
    help: "Calls of all connections at the same time, those over HTTP included; more are refused.",
  },
  "limits.calls-per-connection": {
    group: "Limits",
    placeholder: "NUMBER",
    help: "Calls of one connection at the same time; clients wait with more.",
  },
  "limits.bytes-per-second": {
    group: "Limits",
    placeholder: "SIZE|none",
    help: "How much each tenant, or all callers where there are no tenants, may write in a second; more is refused, and told when to come again.",
  },
  "limits.span-bytes": {
    group: "Limits",
    placeholder: "SIZE",
    help: "The largest span. One beyond this or a limit below is a dead letter.",
  },
  "limits.name-bytes": {
    group: "Limits",
    placeholder: "SIZE",
    help: "The longest name of a service, span, event or scope, key of an attribute, or trace state.",
  },
  "limits.value-bytes": {
    group: "Limits",
    placeholder: "SIZE",
    help: "The largest value of an attribute, or message of a status.",
  },
  "limits.attributes": {
    group: "Limits",
    placeholder: "NUMBER",
    help: "The most attributes of one span, event, link, scope or resource.",
  },
  "limits.query-bytes": {
    group: "Limits",
    placeholder: "SIZE",
    help: "The largest question, such as a filter.",
  },
  "limits.header-bytes": {
    group: "Limits",
    placeholder: "SIZE",
    help: "Names and values of a call's headers together.",
  },
  "watch.file": {
    group: "Watches",
    placeholder: "FILE|none",
    help: "Watches over the spans that arrive, as YAML. Read again when it changes, and at SIGHUP.",
  },
  "watch.state": {
    group: "Watches",
    placeholder: "FILE|none",
    help: "Where alerts that fire, or wait for a receiver, outlive the server. Default: the file of the watches with .state after its name.",
  },
  "watch.alertmanager": {
    group: "Watches",
    placeholder: "URL,URL|none",
    help: "Alertmanagers that alerts are sent to, beside those of the file.",
  },
  "watch.webhook": {
    group: "Watches",
    placeholder: "URL,URL|none",
    help: "Addresses that alerts are posted to as an Alertmanager does, beside those of the file.",
  },
  "watch.link": {
    group: "Watches",
    placeholder: "URL|none",
    help: "The link of an alert to a trace, with {traceId} in it. Default: the page of this server.",
  },
  "dead-letters.file": {
    group: "Limits",
    placeholder: "FILE|none",
    help: "Where spans go that can never be stored, as lines of JSON. Without it the log says how they begin.",
  },
  "dead-letters.max-bytes": {
    group: "Limits",
    placeholder: "SIZE",
    help: "What that file, and the one before it with .1 after its name, may occupy together.",
  },
  "shutdown.grace": {
    group: "Limits",
    placeholder: "TIME",
    help: "How long calls in flight may take after SIGTERM.",
  },
  "log.level": {
    group: "Logging",
    placeholder: "debug|info|warn|error|silent",
    help: "What is logged, as JSON lines on standard error.",
  },
} as const satisfies DescriptionsOf;
