import type { Metadata } from "@grpc/grpc-js";
import type { Intake, Party, Room } from "@spanstore/rpc";
import { isWritePath } from "./writes.js";

export interface IntakeOptions {
  /** The room of write requests until they are durable. */
  readonly writes: Room;
  /** The room of read requests until they are answered. */
  readonly questions: Room;
  readonly maxWriteBytes: number;
  readonly maxQuestionBytes: number;
  readonly arrivalMs: number;
  readonly partyOf: (headers: Metadata, connection: string) => Party;
}

/** The intake of each method. Writes share one room, reads another. */
export function createIntake(options: IntakeOptions): (path: string) => Intake {
  const intake = (room: Room, mostBytes: number): Intake => ({
    mostBytes,
    arrivalMs: options.arrivalMs,
    place: (headers, connection, lost) => room.place(options.partyOf(headers, connection), lost),
  });
  const writing = intake(options.writes, options.maxWriteBytes);
  const asking = intake(options.questions, options.maxQuestionBytes);
  return (path) => (isWritePath(path) ? writing : asking);
}
