import { type IncomingMessage, METHODS, type ServerResponse } from "node:http";
import cors from "@fastify/cors";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { HttpCall, Settings } from "../options.js";
import { statusAnswer } from "../otlp/status.js";
import type { Page } from "../page/files.js";
import { type Answer, sendAnswer } from "./answer.js";
import { createCall, type Route } from "./call.js";
import {
  type ErrorForm,
  failureOf,
  gatewayError,
  HttpError,
  jaegerError,
  prometheusError,
} from "./errors.js";
import { parseParameters } from "./parameters.js";

/** Paths contain names of services, which may be long. */
const maxPartLength = 8192;

/** How long a browser may cache the answer to a preflight request, in seconds. */
const preflightSeconds = 7200;

/**
 * Creates a Fastify application without a port. Fastify finds the route and its middleware answers preflight requests; it
 * does not touch bodies and answers.
 */
export function createApp(
  routes: readonly Route[],
  settings: Settings,
  page: Page | undefined,
): FastifyInstance {
  const app = fastify({
    routerOptions: {
      maxParamLength: maxPartLength,
      ignoreTrailingSlash: true,
      onBadUrl: (path, request, response) => {
        const error = new HttpError(400, `the path cannot be decoded: ${path.slice(0, 100)}`);
        void respondWithError(
          request as IncomingMessage,
          response as ServerResponse,
          formOf(path),
          error,
          settings,
        );
      },
    },
    exposeHeadRoutes: false,
  });
  for (const method of METHODS) {
    if (!app.supportedMethods.includes(method) && method !== "CONNECT") app.addHttpMethod(method);
  }
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));

  const allowed = allowedMethods(routes);
  app.addHook("onRequest", (request, reply, done) => {
    const methods = allowed.get(request.routeOptions.url ?? "");
    if (request.method === "OPTIONS" && methods !== undefined) reply.header("allow", methods.join(", "));
    done();
  });
  if (settings.corsOrigins.length > 0) {
    app.register(cors, {
      origin: settings.corsOrigins.includes("*") ? "*" : [...settings.corsOrigins],
      methods: ["GET", "HEAD", "POST"],
      exposedHeaders: ["etag", "retry-after"],
      maxAge: preflightSeconds,
      strictPreflight: false,
      hideOptionsRoute: true,
    });
  }
  // Registered after the middleware, which would not see these routes otherwise.
  app.register((scope, _options, done) => {
    for (const route of routes) {
      scope.route({
        method: route.method === "GET" ? ["GET", "HEAD"] : route.method,
        url: route.url,
        handler: (request, reply) => answerCall(route, request, reply, settings),
      });
    }
    for (const [url, methods] of allowed) {
      scope.options(url, (_request, reply) => reply.code(204).send());
      scope.route({
        method: app.supportedMethods.filter((method) => !methods.includes(method)),
        url,
        handler: (request, reply) => {
          const allow = methods.join(", ");
          const error = new HttpError(405, `${pathOf(request.url)} takes ${allow}`, { allow });
          return refuseCall(error, request, reply, settings);
        },
      });
    }
    done();
  });
  app.setNotFoundHandler((request, reply) => {
    if (page !== undefined && isForBrowsers(request)) {
      let isFound = false;
      takeOver(request, reply, settings, () => (isFound ? "page" : ""));
      isFound = page.answer(request.raw, reply.raw);
      if (isFound) return;
      return respondWithError(request.raw, reply.raw, "jaeger", nothingAt(request.url), settings);
    }
    return refuseCall(nothingAt(request.url), request, reply, settings);
  });
  app.setErrorHandler((error, request, reply) => {
    settings.failed(error, request);
    return refuseCall(error, request, reply, settings);
  });
  return app;
}

/** The allowed methods of each path. */
function allowedMethods(routes: readonly Route[]): ReadonlyMap<string, readonly string[]> {
  const allowed = new Map<string, string[]>();
  for (const { url, method } of routes) {
    const others = (allowed.get(url) ?? []).filter((other) => other !== "OPTIONS");
    allowed.set(url, [...others, ...(method === "GET" ? ["GET", "HEAD"] : [method]), "OPTIONS"]);
  }
  return allowed;
}

async function answerCall(
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
  settings: Settings,
): Promise<void> {
  takeOver(request, reply, settings);
  const left = new AbortController();
  const leave = (): void => left.abort();
  reply.raw.once("close", leave);
  const releases: (() => void)[] = [];
  try {
    const http: HttpCall = {
      request: request.raw,
      need: route.need,
      header: (name) => [request.raw.headers[name] ?? []].flat(),
    };
    const caller = settings.authorize(http);
    releases.push(settings.opened(http, caller));
    const call = createCall({
      http,
      caller,
      parameters: parseParameters(queryOf(request.url), route.parameters),
      parts: request.params as Record<string, string>,
      signal: left.signal,
      left: () => {
        if (reply.raw.headersSent && !reply.raw.writableEnded) reply.raw.destroy();
      },
      settings,
      over: (release) => releases.push(release),
    });
    await sendAnswer(request.raw, reply.raw, await route.answer(call), settings);
  } catch (error) {
    if (left.signal.aborted) return;
    if (isServerFault(failureOf(error).status)) settings.failed(error, request);
    await respondWithError(request.raw, reply.raw, route.form, error, settings);
  } finally {
    reply.raw.off("close", leave);
    // Ends reads for the answer that are still under way.
    left.abort();
    for (const release of releases) release();
  }
}

async function refuseCall(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  settings: Settings,
): Promise<void> {
  takeOver(request, reply, settings);
  await respondWithError(request.raw, reply.raw, formOf(request.url), error, settings);
}

/** Takes the response over from Fastify; headers that its middleware set stay. */
function takeOver(
  request: FastifyRequest,
  reply: FastifyReply,
  settings: Settings,
  route = () => request.routeOptions.url ?? "",
): void {
  const started = performance.now();
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) reply.raw.setHeader(name, value);
  }
  reply.raw.once("close", () =>
    settings.finished({
      method: request.method,
      route: route(),
      status: reply.raw.headersSent ? reply.raw.statusCode : 499,
      seconds: (performance.now() - started) / 1000,
    }),
  );
}

async function respondWithError(
  request: IncomingMessage,
  response: ServerResponse,
  form: ErrorForm,
  error: unknown,
  settings: Settings,
): Promise<void> {
  // An answer that has begun cannot become an error: closing the connection tells the client.
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const answer = errorAnswer(form, error, request);
  const headers = { ...answer.headers, ...(isUnread(request) ? { connection: "close" } : {}) };
  // The client does not take the error either: nothing is left to do.
  await sendAnswer(request, response, { ...answer, headers }, settings).catch(() => {});
}

function errorAnswer(form: ErrorForm, error: unknown, request: IncomingMessage): Answer {
  const failure = failureOf(error);
  if (form === "status") return statusAnswer(failure, request.headers["content-type"]);
  const body = bodies[form](failure);
  return { status: failure.status, headers: failure.headers, body };
}

function nothingAt(url: string): HttpError {
  return new HttpError(404, `nothing is at ${pathOf(url).slice(0, 200)}`);
}

function isForBrowsers({ method, url }: FastifyRequest): boolean {
  return (method === "GET" || method === "HEAD") && !url.startsWith("/api/") && !url.startsWith("/v1/");
}

const bodies = { gateway: gatewayError, jaeger: jaegerError, prometheus: prometheusError } as const;

function formOf(url: string): ErrorForm {
  if (url.startsWith("/v1/")) return "status";
  if (url.startsWith("/api/v1/")) return "prometheus";
  return url.startsWith("/api/v3/") ? "gateway" : "jaeger";
}

function isServerFault(status: number): boolean {
  return status >= 500 && status !== 501;
}

/** Whether a part of the body was not read. */
function isUnread({ complete, headers }: IncomingMessage): boolean {
  const hasBody = headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
  return hasBody && !complete;
}

function pathOf(url: string): string {
  return url.split("?", 1)[0] ?? "";
}

function queryOf(url: string): string {
  const at = url.indexOf("?");
  return at < 0 ? "" : url.slice(at + 1);
}
