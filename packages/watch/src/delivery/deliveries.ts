import type { AlertBook } from "../alerts/alert-book.js";
import type { Receiver } from "../file/watch-file.js";
import { send } from "./send.js";

/** Sends due alerts to each receiver. After a failure it waits before the next attempt, longer each time. */
export interface Deliveries {
  readonly deliver: (receivers: readonly Receiver[], now: number, signal: AbortSignal) => Promise<void>;
}

export interface DeliveryOptions {
  readonly book: AlertBook;
  readonly delivered: (alerts: number) => void;
  readonly failed: (error: unknown, receiver: Receiver) => void;
}

const firstPauseMillis = 1000;
const longestPauseMillis = 60_000;
/** The most alerts in one request. */
const perRequest = 64;

export function createDeliveries({ book, delivered, failed }: DeliveryOptions): Deliveries {
  const pauses = new Map<string, { readonly millis: number; readonly until: number }>();

  const deliverTo = async (receiver: Receiver, now: number, signal: AbortSignal): Promise<void> => {
    const pause = pauses.get(receiver.url);
    if (pause !== undefined && now < pause.until) return;
    const due = book.dueTo(receiver, now);
    try {
      for (let i = 0; i < due.length; i += perRequest) {
        const alerts = due.slice(i, i + perRequest);
        const states = alerts.map(({ state }) => state);
        await send(receiver, alerts, now, signal);
        // An alert that ended during the request is sent again.
        book.tell(
          receiver,
          alerts.filter(({ state }, at) => state === states[at]),
          now,
        );
        delivered(alerts.length);
      }
      pauses.delete(receiver.url);
    } catch (error) {
      if (signal.aborted) return;
      const millis = Math.min((pause?.millis ?? firstPauseMillis / 2) * 2, longestPauseMillis);
      pauses.set(receiver.url, { millis, until: now + millis });
      failed(error, receiver);
    }
  };

  return {
    deliver: async (receivers, now, signal) => {
      await Promise.all(receivers.map((receiver) => deliverTo(receiver, now, signal)));
    },
  };
}
