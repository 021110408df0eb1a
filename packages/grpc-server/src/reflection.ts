import type { Server } from "@grpc/grpc-js";
import type { EnumTypeDefinition } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { fileDescriptors } from "./protos.js";

/** Adds gRPC reflection, v1 and v1alpha. */
export function registerReflection(server: Server): void {
  // ReflectionService reads nothing of a definition but the descriptors that it carries.
  const carrier: EnumTypeDefinition = {
    format: "Protocol Buffer 3 EnumDescriptorProto",
    type: {},
    fileDescriptorProtos: fileDescriptors(),
  };
  new ReflectionService({ carrier }).addToServer(server);
}
