import { loadSync, type MessageTypeDefinition } from "@grpc/proto-loader";

/** The fields of google.protobuf.FileDescriptorProto that are used here. */
interface FileDescriptor {
  readonly name: string;
  readonly package: string;
  dependency?: string[];
  readonly messageType?: readonly MessageDescriptor[];
  readonly enumType?: readonly { readonly name: string }[];
  readonly service?: readonly { readonly method?: readonly MethodDescriptor[] }[];
}

interface MessageDescriptor {
  name: string;
  readonly field?: readonly FieldDescriptor[];
  readonly nestedType?: readonly MessageDescriptor[];
  readonly enumType?: readonly { readonly name: string }[];
  readonly options?: { readonly mapEntry?: boolean };
}

interface FieldDescriptor {
  typeName?: string;
}

interface MethodDescriptor {
  readonly inputType: string;
  readonly outputType: string;
}

/**
 * Rewrites proto-loader's file descriptors in the form of protobuf's own compiler, so that every client of reflection can
 * use them: with absolute type names, the prescribed names of map entries, and the list of imports.
 */
export function repairDescriptors(encoded: readonly Buffer[]): Buffer[] {
  const codec = loadSync("google/protobuf/descriptor.proto")[
    "google.protobuf.FileDescriptorProto"
  ] as unknown as MessageTypeDefinition<FileDescriptor, FileDescriptor>;
  const files = encoded.map((bytes) => codec.deserialize(bytes));
  const fileOfType = new Map<string, string>();
  for (const file of files) {
    renameMapEntries(file.messageType);
    indexTypes(file.package, file, (type) => fileOfType.set(type, file.name));
  }
  for (const file of files) {
    const imports = new Set<string>();
    const use = (type: string) => {
      const definedIn = fileOfType.get(type);
      if (definedIn !== undefined && definedIn !== file.name) imports.add(definedIn);
    };
    resolveFields(file.package, file.messageType, (name, scope) => {
      const type = resolve(name, scope, fileOfType);
      use(type);
      return `.${type}`;
    });
    for (const { method = [] } of file.service ?? []) {
      for (const { inputType, outputType } of method) {
        use(inputType.slice(1));
        use(outputType.slice(1));
      }
    }
    file.dependency = [...imports].sort();
  }
  return files.map((file) => codec.serialize(file));
}

function renameMapEntries(messages: readonly MessageDescriptor[] = []): void {
  for (const message of messages) {
    for (const entry of message.nestedType ?? []) {
      if (!entry.options?.mapEntry || entry.name.endsWith("Entry")) continue;
      for (const field of message.field ?? []) {
        if (field.typeName === entry.name) field.typeName = `${entry.name}Entry`;
      }
      entry.name = `${entry.name}Entry`;
    }
    renameMapEntries(message.nestedType);
  }
}

interface Types {
  readonly name?: string;
  readonly messageType?: readonly MessageDescriptor[];
  readonly nestedType?: readonly MessageDescriptor[];
  readonly enumType?: readonly { readonly name: string }[];
}

function indexTypes(
  scope: string,
  { messageType, nestedType, enumType }: Types,
  add: (type: string) => void,
): void {
  for (const { name } of enumType ?? []) add(`${scope}.${name}`);
  for (const message of messageType ?? nestedType ?? []) {
    add(`${scope}.${message.name}`);
    indexTypes(`${scope}.${message.name}`, message, add);
  }
}

function resolveFields(
  scope: string,
  messages: readonly MessageDescriptor[] = [],
  absolute: (name: string, scope: string) => string,
): void {
  for (const message of messages) {
    const inner = `${scope}.${message.name}`;
    for (const field of message.field ?? []) {
      if (field.typeName) field.typeName = absolute(field.typeName, inner);
    }
    resolveFields(inner, message.nestedType, absolute);
  }
}

/** Resolves a name in a scope to a full name: the innermost match, as in protobuf. */
function resolve(name: string, scope: string, types: ReadonlyMap<string, string>): string {
  if (name.startsWith(".")) return name.slice(1);
  for (let outer = scope; outer !== ""; outer = outer.slice(0, Math.max(0, outer.lastIndexOf(".")))) {
    if (types.has(`${outer}.${name}`)) return `${outer}.${name}`;
  }
  return name;
}
