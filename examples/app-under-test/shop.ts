import { type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";

/** The dependencies of the shop; a test brings its own. */
export interface World {
  /** How many pieces of an article there are. */
  stockOf(articles: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** @throws when the card is declined. */
  charge(card: string, cents: number): Promise<void>;
}

export interface Order {
  readonly card: string;
  readonly articles: readonly { readonly name: string; readonly cents: number }[];
}

export type Outcome = "shipped" | "sold out" | "declined";

/** A program that is instrumented with OpenTelemetry's API alone, as any is: it knows of no exporter and no store. */
export function createShop(world: World): (order: Order) => Promise<Outcome> {
  const tracer = trace.getTracer("shop", "1.0.0");

  const inSpan = <T>(name: string, kind: SpanKind, work: (span: Span) => Promise<T>): Promise<T> =>
    tracer.startActiveSpan(name, { kind }, async (span) => {
      try {
        return await work(span);
      } catch (error) {
        span.recordException(error as Error);
        span.setStatus({ code: SpanStatusCode.ERROR, message: (error as Error).message });
        throw error;
      } finally {
        span.end();
      }
    });

  return ({ card, articles }) =>
    inSpan("place order", SpanKind.SERVER, async (span): Promise<Outcome> => {
      span.setAttribute("order.articles", articles.length);
      const names = articles.map(({ name }) => name);
      // One question for all articles, and not one for each.
      const stock = await inSpan("SELECT stock", SpanKind.CLIENT, () => world.stockOf(names));
      const missing = names.find((name) => (stock.get(name) ?? 0) === 0);
      if (missing !== undefined) {
        span.addEvent("sold out", { article: missing });
        return "sold out";
      }
      const cents = articles.reduce((sum, article) => sum + article.cents, 0);
      try {
        await inSpan("charge card", SpanKind.CLIENT, (charge) => {
          charge.setAttribute("payment.cents", cents);
          return world.charge(card, cents);
        });
      } catch {
        span.setStatus({ code: SpanStatusCode.ERROR, message: "the card was declined" });
        return "declined";
      }
      await inSpan("publish order", SpanKind.PRODUCER, async () => {});
      return "shipped";
    });
}
