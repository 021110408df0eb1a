import { once } from "node:events";
import { get as httpGet, type IncomingMessage } from "node:http";
import { get as httpsGet } from "node:https";
import { createServer } from "node:net";
import type { Finding } from "@spanstore/core/engine";
import { formatAddress, parseAddress } from "@spanstore/grpc-server/program";

const answerMs = 3000;

/**
 * Checks whether the server can listen on an address: it is free, or our server has it already.
 * @param subject the option of the port.
 * @param isOurs called when the port is taken; resolves to a finding's text when our server has it, else undefined.
 */
export async function diagnosePort(
  subject: string,
  text: string,
  isOurs: (address: string) => Promise<string | undefined>,
): Promise<Finding> {
  const address = parseAddress(text);
  if (address === undefined || address.port === 0)
    return { level: "ok", subject, text: `${text}: any free port` };
  const failure = await tryListen(address.host, address.port);
  if (failure === undefined) return { level: "ok", subject, text: `${text} is free` };
  const { code } = failure;
  if (code === "EADDRINUSE") {
    const host = ["::", "0.0.0.0"].includes(address.host) ? "127.0.0.1" : address.host;
    const answer = await isOurs(formatAddress({ host, port: address.port }));
    if (answer !== undefined) return { level: "ok", subject, text: `at ${text} ${answer}` };
    return {
      level: "problem",
      subject,
      text: `another program listens on ${text}`,
      advice: "end it, or choose another port",
    };
  }
  if (code === "EACCES") {
    return {
      level: "problem",
      subject,
      text: `this user may not listen on ${text}`,
      advice: "choose a port from 1024 on",
    };
  }
  return {
    level: "problem",
    subject,
    text: `cannot listen on ${text}: ${failure.message}`,
    advice: "name an address of this machine, or :PORT for all of them",
  };
}

async function tryListen(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, "listening");
    return undefined;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  } finally {
    server.close();
  }
}

/**
 * Asks the admin port of our server whether it is ready.
 * @param scheme https when the server has certificates, which are not verified.
 */
export async function askAdmin(scheme: "http" | "https", address: string): Promise<string | undefined> {
  try {
    const { status, text } = await get(scheme, address);
    if (status === 200) return "a server answers and is ready";
    return status === 503 ? `a server answers that is not ready: ${text}` : undefined;
  } catch {
    return undefined;
  }
}

async function get(scheme: "http" | "https", address: string): Promise<{ status: number; text: string }> {
  const signal = AbortSignal.timeout(answerMs);
  const url = `${scheme}://${address}/readyz`;
  const request =
    scheme === "https" ? httpsGet(url, { signal, rejectUnauthorized: false }) : httpGet(url, { signal });
  const [response] = (await once(request, "response", { signal })) as [IncomingMessage];
  let text = "";
  for await (const part of response.setEncoding("utf8") as AsyncIterable<string>) text += part;
  return { status: response.statusCode ?? 0, text: text.trim() };
}
