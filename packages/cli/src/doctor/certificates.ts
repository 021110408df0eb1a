import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Finding, messageOf } from "@spanstore/core/engine";
import { fileProblem } from "@spanstore/grpc-server/program";

const dayMs = 24 * 3_600_000;
const soonDays = 21;

const certificate = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** Checks when the certificates in a PEM file end. */
export function diagnoseCertificates(option: string, path: string, now = Date.now()): Finding[] {
  let parts: readonly string[];
  try {
    parts = readFileSync(path, "utf8").match(certificate) ?? [];
  } catch (error) {
    return [
      {
        level: "problem",
        subject: option,
        text: fileProblem("read", path, error),
        advice: "name a file that this user can read",
      },
    ];
  }
  if (parts.length === 0) {
    return [
      { level: "problem", subject: option, text: `${path} holds no certificate`, advice: "it must be PEM" },
    ];
  }
  return parts.map((part): Finding => {
    try {
      return validity(option, new X509Certificate(part), now);
    } catch (error) {
      return {
        level: "problem",
        subject: option,
        text: `${path}: ${messageOf(error)}`,
        advice: "it must be PEM",
      };
    }
  });
}

function validity(option: string, { subject, validFrom, validTo }: X509Certificate, now: number): Finding {
  const name = subject?.split("\n").at(-1) ?? "a certificate";
  const from = Date.parse(validFrom);
  const to = Date.parse(validTo);
  const day = (time: number): string => new Date(time).toISOString().slice(0, 10);
  if (now > to) {
    return { level: "problem", subject: option, text: `${name} ended on ${day(to)}`, advice: "renew it" };
  }
  if (now < from) {
    return {
      level: "problem",
      subject: option,
      text: `${name} begins only on ${day(from)}`,
      advice: "look at this machine's clock",
    };
  }
  const days = Math.floor((to - now) / dayMs);
  return days < soonDays
    ? {
        level: "warning",
        subject: option,
        text: `${name} ends in ${days} days, on ${day(to)}`,
        advice: "renew it",
      }
    : { level: "ok", subject: option, text: `${name} is good until ${day(to)}` };
}
