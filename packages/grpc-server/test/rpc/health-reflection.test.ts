import { createRequire } from "node:module";
import { type Client, credentials, loadPackageDefinition, type ServiceError, status } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { SpanStoreError } from "@spanstore/core";
import { protoPath as healthProto } from "grpc-health-check";
import { describe, expect, it } from "vitest";
import { type Answer, methods, serve, services, storeWith } from "../harness.js";

const reflectionProto = (version: string) =>
  createRequire(import.meta.resolve("@spanstore/rpc"))
    .resolve("@grpc/reflection/package.json")
    .replace("package.json", `build/proto/grpc/reflection/${version}/reflection.proto`);
const descriptorType = loadSync("google/protobuf/descriptor.proto", { enums: String })[
  "google.protobuf.FileDescriptorProto"
] as unknown as { deserialize(bytes: Buffer): Answer };

function clientOf(protoPath: string, service: string, address: string): Answer {
  const definition = loadSync(protoPath, { longs: String, enums: String, defaults: true, oneofs: true });
  let found: Answer = loadPackageDefinition(definition);
  for (const part of service.split(".")) found = found[part];
  return new found(address, credentials.createInsecure()) as Client;
}

const served = [...services, "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"];

describe.each(["v1", "v1alpha"])("reflection %s", (version) => {
  it("lists every service and describes it by files that stand on their own", async () => {
    const running = await serve();
    const client = clientOf(
      reflectionProto(version),
      `grpc.reflection.${version}.ServerReflection`,
      running.server.address,
    );
    const stream = client.ServerReflectionInfo();
    const answers = stream[Symbol.asyncIterator]();
    const ask = async (question: object): Promise<Answer> => {
      stream.write(question);
      return (await answers.next()).value;
    };
    const listed = await ask({ listServices: "" });
    const names = listed.listServicesResponse.service.map((service: { name: string }) => service.name);
    expect(names).toEqual(expect.arrayContaining(served));

    const files = new Map<string, Answer>();
    const missing: string[] = [];
    const read = async (question: object) => {
      const answer = await ask(question);
      for (const bytes of answer.fileDescriptorResponse?.fileDescriptorProto ?? []) {
        const file = descriptorType.deserialize(bytes);
        files.set(file.name, file);
      }
      if (answer.errorResponse) missing.push(JSON.stringify(question));
    };
    for (const fileContainingSymbol of names) await read({ fileContainingSymbol });
    for (const file of [...files.values()]) {
      for (const fileByFilename of file.dependency ?? []) await read({ fileByFilename });
    }
    expect(missing).toEqual([]);
    stream.end();
    client.close();
    await running.stop();

    const types = new Set<string>();
    const fieldTypes: string[] = [];
    const paths = new Set<string>();
    const visit = (scope: string, messages: Answer[] = []) => {
      for (const message of messages) {
        types.add(`${scope}.${message.name}`);
        for (const inner of message.enumType ?? []) types.add(`${scope}.${message.name}.${inner.name}`);
        for (const field of message.field ?? []) if (field.typeName) fieldTypes.push(field.typeName);
        visit(`${scope}.${message.name}`, message.nestedType);
      }
    };
    for (const file of files.values()) {
      visit(`.${file.package}`, file.messageType);
      for (const inner of file.enumType ?? []) types.add(`.${file.package}.${inner.name}`);
      for (const service of file.service ?? []) {
        for (const method of service.method) {
          fieldTypes.push(method.inputType, method.outputType);
          paths.add(`/${file.package}.${service.name}/${method.name}`);
        }
      }
    }
    expect(fieldTypes.filter((type) => !types.has(type))).toEqual([]);
    // Also the methods that this server answers without decoding.
    expect([...paths]).toEqual(expect.arrayContaining(methods.map((method) => method.path)));
    const query = files
      .get("jaeger_storage_v2.proto")
      .messageType.find((message: { name: string }) => message.name === "TraceQueryParameters");
    expect(query.field.map((field: { name: string }) => field.name)).toContain("start_time_min");
  });
});

describe("health", () => {
  const check = (client: Answer, service: string) =>
    new Promise<string>((resolve, reject) => {
      client.check({ service }, (error: ServiceError | null, answer: { status: string }) =>
        error ? reject(error) : resolve(answer.status),
      );
    });

  it("answers for every name of Jaeger's by what the store says now", async () => {
    let sick = false;
    const running = await serve({
      store: storeWith({
        health: async () => {
          if (sick) throw new SpanStoreError("STORE_UNAVAILABLE", "the disk is full");
        },
      }),
    });
    const client = clientOf(healthProto, "grpc.health.v1.Health", running.server.address);
    for (const name of ["", "jaeger.storage.v2.TraceWriter", ...services]) {
      expect(await check(client, name)).toBe("SERVING");
    }
    sick = true;
    expect(await check(client, "")).toBe("NOT_SERVING");
    await expect(check(client, "nobody")).rejects.toMatchObject({ code: status.NOT_FOUND });
    client.close();
    await running.stop();
  });

  it("tells watchers that the server shuts down, and does not wait for them", async () => {
    const running = await serve();
    const client = clientOf(healthProto, "grpc.health.v1.Health", running.server.address);
    const seen = async (service: string, first: () => void) => {
      const statuses: string[] = [];
      for await (const answer of client.watch({ service })) {
        statuses.push(answer.status);
        if (statuses.length === 1) first();
      }
      return statuses;
    };
    const watched: Promise<string[]>[] = [];
    for (const name of ["", "nobody"]) {
      await new Promise<void>((first) => watched.push(seen(name, first)));
    }
    await running.stop();
    expect(await Promise.all(watched)).toEqual([["SERVING", "NOT_SERVING"], ["SERVICE_UNKNOWN"]]);
    client.close();
  });
});
