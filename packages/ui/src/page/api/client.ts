import { signal } from "@preact/signals";
import { settings } from "../app/settings.js";

/** A failed call: the server's error, or no answer. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** The status of HTTP; 0 without an answer. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Whether the server asks for a token, or for another one. */
export const wantsToken = signal(false);

export interface ApiCall {
  readonly params?: Readonly<Record<string, string | number | undefined>>;
  /** Sent as JSON by POST. */
  readonly body?: unknown;
  readonly accept?: string;
  /** Sends `cache-control: no-store`, so that the server streams the answer without computing an ETag first. */
  readonly isLarge?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** The server's header for tenants, loaded at the first call of a tenant. */
let tenantHeader: Promise<string> | undefined;

async function askTenantHeader(): Promise<string> {
  const answer = await fetch(urlOf("settings.json"));
  return ((await answer.json()) as { tenantHeader?: string }).tenantHeader ?? "x-tenant";
}

/** Calls the API beside the page. @throws ApiError; the signal's reason when it fires. */
export async function ask(path: string, call: ApiCall = {}): Promise<Response> {
  const { body, accept, isLarge = false, signal: abort } = call;
  let answer: Response;
  try {
    answer = await fetch(urlOf(path, call.params), {
      method: body === undefined ? "GET" : "POST",
      headers: {
        ...(await credentials()),
        ...(accept === undefined ? {} : { accept }),
        ...(isLarge ? { "cache-control": "no-store" } : {}),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(abort === undefined ? {} : { signal: abort }),
    });
  } catch (error) {
    if (abort?.aborted) throw error;
    throw new ApiError(0, "");
  }
  if (answer.ok) return answer;
  if (answer.status === 401) wantsToken.value = true;
  throw new ApiError(answer.status, messageOf(await answer.text(), answer.statusText));
}

/** Calls the API for JSON. @throws as `ask`. */
export async function askJson<T>(path: string, call: ApiCall = {}): Promise<T> {
  const answer = await ask(path, call);
  try {
    return (await answer.json()) as T;
  } catch (error) {
    if (call.signal?.aborted) throw error;
    throw new ApiError(answer.status, "the answer breaks off");
  }
}

async function credentials(): Promise<Record<string, string>> {
  const token = settings.token.value;
  const tenant = settings.tenant.value;
  if (tenant !== "") {
    tenantHeader ??= askTenantHeader().catch(() => {
      tenantHeader = undefined;
      return "x-tenant";
    });
  }
  return {
    ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
    ...(tenant === "" ? {} : { [(await tenantHeader) ?? "x-tenant"]: tenant }),
  };
}

function urlOf(path: string, params: ApiCall["params"] = {}): URL {
  const url = new URL(path, document.baseURI);
  url.hash = "";
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined && value !== "") url.searchParams.set(name, String(value));
  }
  return url;
}

/** Reads the message of an error in either of Jaeger's two forms. */
function messageOf(text: string, otherwise: string): string {
  try {
    const json = JSON.parse(text) as { error?: { message?: string }; errors?: { msg?: string }[] };
    return json.error?.message ?? json.errors?.[0]?.msg ?? otherwise;
  } catch {
    return otherwise;
  }
}
