export function traceIdOf(number: number): string;
export function requestOf(number: number, trace?: number): Buffer;
