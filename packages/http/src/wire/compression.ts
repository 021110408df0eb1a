import type { IncomingHttpHeaders } from "node:http";
import type { Transform } from "node:stream";
import * as zlib from "node:zlib";
import Negotiator from "negotiator";

/** A content coding that answers are compressed by. */
export type Coding = "zstd" | "br" | "gzip";

const { constants } = zlib;

/** Streams are compressed quickly, in windows of 128 KiB to 256 KiB: a slow reader holds no more than that. */
const encoders: Readonly<Record<Coding, (() => Transform) | undefined>> = {
  // Node.js has it from 22.15 on.
  zstd:
    zlib.createZstdCompress &&
    (() =>
      zlib.createZstdCompress({
        params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_windowLog]: 18 },
      })),
  br: () =>
    zlib.createBrotliCompress({
      params: { [constants.BROTLI_PARAM_QUALITY]: 3, [constants.BROTLI_PARAM_LGWIN]: 17 },
    }),
  gzip: () => zlib.createGzip({ level: 1 }),
};

/** What costs least comes first. */
const codings = (["zstd", "gzip", "br"] as const).filter((coding) => encoders[coding] !== undefined);

/** An answer below this many bytes is sent as it is. */
export const leastCompressed = 1024;

/** Its types lack the option. */
interface Preferring {
  encodings(available: string[], options: { readonly preferred: string[] }): string[];
}

/** @returns the coding that a client prefers; among equals the first of the list; undefined for none. */
export function codingFor(
  headers: IncomingHttpHeaders,
  among: readonly Coding[] = codings,
): Coding | undefined {
  const negotiator: Preferring = new Negotiator({ headers });
  const [best] = negotiator.encodings([...among, "identity"], { preferred: [...among] });
  return among.find((coding) => coding === best);
}

/** Events are sent one by one, and are not for an encoder that waits for more. */
export function isCompressible(contentType: string): boolean {
  return /^(application\/(json|x-protobuf|openmetrics-text)|text\/(?!event-stream))/.test(contentType);
}

export function createEncoder(coding: Coding): Transform {
  return (encoders[coding] as () => Transform)();
}

const codedTag = /-(zstd|br|gzip)"$/;

/** An ETag names one sequence of bytes: each coding has its own. */
export function tagOfCoding(etag: string, coding: Coding): string {
  return etag.replace(/"$/, `-${coding}"`);
}

/** @returns the ETag of the same answer without a coding. */
export function tagWithoutCoding(etag: string): string {
  return etag.replace(codedTag, '"');
}
