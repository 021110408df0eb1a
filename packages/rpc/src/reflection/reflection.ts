import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Server } from "@grpc/grpc-js";
import type { EnumTypeDefinition, PackageDefinition } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { protoPath as healthProto } from "grpc-health-check";
import { repairDescriptors } from "./descriptors.js";

/**
 * Returns a function that adds gRPC reflection, v1 and v1alpha, to a server.
 * @param load reads these .proto files, of health and reflection, and those of all services.
 */
export function createReflection(
  load: (paths: readonly string[]) => PackageDefinition,
): (server: Server) => void {
  const definitions = load([healthProto, ...reflectionPaths()]);
  // Every message carries the descriptors of all files.
  const message = Object.values(definitions).find((one) => "fileDescriptorProtos" in one);
  // ReflectionService reads only the descriptors of a definition.
  const carrier: EnumTypeDefinition = {
    format: "Protocol Buffer 3 EnumDescriptorProto",
    type: {},
    fileDescriptorProtos: repairDescriptors((message as EnumTypeDefinition).fileDescriptorProtos),
  };
  const service = new ReflectionService({ carrier });
  return (server) => service.addToServer(server);
}

function reflectionPaths(): readonly string[] {
  const reflection = createRequire(import.meta.url).resolve("@grpc/reflection/package.json");
  const folder = join(dirname(reflection), "build/proto/grpc/reflection");
  return [join(folder, "v1/reflection.proto"), join(folder, "v1alpha/reflection.proto")];
}
