import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Server } from "@grpc/grpc-js";
import type { EnumTypeDefinition, MessageTypeDefinition } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { loadProtos, ownPaths } from "@spanstore/client/wire";
import { protoPath as healthProto } from "grpc-health-check";
import { repairDescriptors } from "./descriptors.js";

/** Made once: it says the same for every server, and reading all files takes a while. */
let service: ReflectionService | undefined;

/** Adds gRPC reflection, v1 and v1alpha. */
export function registerReflection(server: Server): void {
  service ??= createService();
  service.addToServer(server);
}

function createService(): ReflectionService {
  // ReflectionService reads nothing of a definition but the descriptors that it carries.
  const carrier: EnumTypeDefinition = {
    format: "Protocol Buffer 3 EnumDescriptorProto",
    type: {},
    fileDescriptorProtos: fileDescriptors(),
  };
  return new ReflectionService({ carrier });
}

/** File descriptors of everything this server speaks, health and reflection included, encoded. */
function fileDescriptors(): Buffer[] {
  const reflection = createRequire(import.meta.url).resolve("@grpc/reflection/package.json");
  const reflectionFolder = join(dirname(reflection), "build/proto/grpc/reflection");
  const definitions = loadProtos(
    [
      ...ownPaths(),
      healthProto,
      join(reflectionFolder, "v1/reflection.proto"),
      join(reflectionFolder, "v1alpha/reflection.proto"),
    ],
    { keepCase: true },
  );
  // Every message carries the descriptors of all files.
  const message = definitions["google.rpc.Status"] as MessageTypeDefinition<object, object>;
  return repairDescriptors(message.fileDescriptorProtos);
}
