import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { ClientTls } from "./client-tls.js";

export interface TextRequest {
  readonly url: URL;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  /** For `https:`. Node's fetch takes no certificates. */
  readonly tls: ClientTls | undefined;
}

/** Sends an HTTP request without a body, on a new connection, and returns the answer as text. @throws the system's error. */
export function requestText({
  url,
  method,
  headers,
  tls,
}: TextRequest): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const options = { method, headers, agent: false as const };
    const request =
      url.protocol === "https:"
        ? httpsRequest(url, {
            ...options,
            ca: tls?.ca,
            cert: tls?.cert,
            key: tls?.key,
            ...(tls?.serverName === undefined ? {} : { servername: tls.serverName }),
          })
        : httpRequest(url, options);
    request.on("error", reject);
    request.on("response", (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString("utf8") }),
      );
    });
    request.end();
  });
}
