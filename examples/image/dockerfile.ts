import { type Dockerfile, DockerfileParser, type Instruction } from "dockerfile-ast";

/** A stage of a Dockerfile: its FROM, and what follows it in order. */
export interface Stage {
  readonly image: string;
  readonly name: string | undefined;
  readonly instructions: readonly DockerInstruction[];
}

/** An instruction as it is written: `COPY --from=build /server /opt/spanstore` has a flag and two arguments. */
export interface DockerInstruction {
  readonly keyword: string;
  /** The text after the keyword, continued lines joined and comments left out. */
  readonly text: string;
  readonly words: readonly string[];
  /** Variables that it sets, if it is an ENV. */
  readonly variables: Readonly<Record<string, string>>;
}

export function stagesOf(text: string): Stage[] {
  const file: Dockerfile = DockerfileParser.parse(text);
  const stages: { image: string; name: string | undefined; instructions: DockerInstruction[] }[] = [];
  const froms = file.getFROMs();
  for (const instruction of file.getInstructions()) {
    if (instruction.getKeyword() === "FROM") {
      const from = froms[stages.length];
      stages.push({
        image: from?.getImage() ?? "",
        name: from?.getBuildStage() ?? undefined,
        instructions: [],
      });
    } else {
      stages.at(-1)?.instructions.push(instructionOf(file, instruction));
    }
  }
  return stages;
}

function instructionOf(file: Dockerfile, instruction: Instruction): DockerInstruction {
  const keyword = instruction.getKeyword();
  const line = instruction.getRange().start.line;
  const env = file.getENVs().find((each) => each.getRange().start.line === line);
  const properties = env?.getProperties() ?? [];
  return {
    keyword,
    text: instruction.getRawArgumentsContent()?.replace(/\\\n/g, " ") ?? "",
    words: instruction.getArguments().map((argument) => argument.getValue()),
    variables: Object.fromEntries(properties.map((each) => [each.getName(), each.getValue() ?? ""])),
  };
}

/** The last instruction of a kind, which is the one that holds. */
export function lastOf(stage: Stage, keyword: string): DockerInstruction {
  const found = stage.instructions.findLast((instruction) => instruction.keyword === keyword);
  if (found === undefined) throw new Error(`the stage has no ${keyword}`);
  return found;
}

/** All variables that a stage sets. */
export function variablesOf(stage: Stage): Record<string, string> {
  return Object.assign({}, ...stage.instructions.map(({ variables }) => variables));
}
