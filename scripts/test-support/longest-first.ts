import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Where the files that take longest are. Vitest knows it from the second run on; in a first one it goes by size. */
const longest =
  /\/(conformance|faults|limits|kubernetes|kafka|page)\/|conformance|killed|(idle|held)-connections|\/cli\/test\/(copy|transfer|commands)/;

/** So that no file is left alone at the end. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean => longest.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
