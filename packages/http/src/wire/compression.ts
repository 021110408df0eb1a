import type { IncomingHttpHeaders } from "node:http";
import type { Transform } from "node:stream";
import * as zlib from "node:zlib";
import Negotiator from "negotiator";

/** A content coding of compressed answers. */
export type Coding = "zstd" | "br" | "gzip";

const { constants } = zlib;

/** Fast levels, and windows of 128 KiB to 256 KiB, so that a slow reader holds little memory. */
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

/** The cheapest first. */
const codings = (["zstd", "gzip", "br"] as const).filter((coding) => encoders[coding] !== undefined);

/** Smaller answers, in bytes, are not compressed. */
export const leastCompressed = 1024;

/** The types of negotiator lack this option. */
interface Preferring {
  encodings(available: string[], options: { readonly preferred: string[] }): string[];
}

/** @returns the coding that a client prefers; the first of the list among equals; undefined for none. */
export function codingFor(
  headers: IncomingHttpHeaders,
  among: readonly Coding[] = codings,
): Coding | undefined {
  const negotiator: Preferring = new Negotiator({ headers });
  const [best] = negotiator.encodings([...among, "identity"], { preferred: [...among] });
  return among.find((coding) => coding === best);
}

/** Server-sent events are not compressed: an encoder would hold them back. */
export function isCompressible(contentType: string): boolean {
  return /^(application\/(json|x-protobuf|openmetrics-text)|text\/(?!event-stream))/.test(contentType);
}

export function createEncoder(coding: Coding): Transform {
  return (encoders[coding] as () => Transform)();
}

const codedTag = /-(zstd|br|gzip)"$/;

/** An ETag stands for one sequence of bytes, so each coding needs one. */
export function tagOfCoding(etag: string, coding: Coding): string {
  return etag.replace(/"$/, `-${coding}"`);
}

/** @returns the ETag of the uncompressed answer. */
export function tagWithoutCoding(etag: string): string {
  return etag.replace(codedTag, '"');
}
