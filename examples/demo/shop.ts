import type { Step } from "./step.js";

/** The requests of a small shop, oldest first: what its services did for each. */
export function shopRequests(): Step[] {
  return [
    ...[41, 38, 55].map(home),
    addToCart(62),
    checkout(310, paid),
    home(44),
    slowSearch(),
    addToCart(71),
    home(36),
    checkout(268, declined),
    addToCart(58),
    home(47),
    checkout(742, paidAtSecondTry),
  ];
}

function home(ms: number): Step {
  return request("GET /", ms, 200, [
    call("frontend", "inventory", "shop.Inventory/ListProducts", 3, ms - 8, (at, took) => [
      query(
        "inventory",
        "SELECT products",
        at + 2,
        took - 6,
        "SELECT * FROM products ORDER BY rank LIMIT 24",
      ),
    ]),
  ]);
}

function addToCart(ms: number): Step {
  return request("POST /cart/items", ms, 201, [
    call("frontend", "cart", "shop.Cart/AddItem", 4, ms - 9, (at, took) => [
      call("cart", "inventory", "shop.Inventory/GetProduct", at + 1, took * 0.5, (from, inner) => [
        query("inventory", "SELECT products", from + 1, inner - 3, "SELECT * FROM products WHERE id = $1"),
      ]),
      query(
        "cart",
        "INSERT cart_items",
        at + took * 0.6,
        took * 0.3,
        "INSERT INTO cart_items VALUES ($1, $2, $3)",
      ),
    ]),
  ]);
}

function slowSearch(): Step {
  const statement = "SELECT * FROM products WHERE description ILIKE $1";
  return request("GET /search", 1874, 200, [
    call("frontend", "inventory", "shop.Inventory/Search", 5, 1860, (at) => [
      query("inventory", "SELECT products", at + 4, 1848, statement, { "db.response.returned_rows": 3 }),
    ]),
  ]);
}

type Payment = (at: number) => { readonly steps: readonly Step[]; readonly error?: string };

function checkout(ms: number, pay: Payment): Step {
  const payment = pay(86);
  const status = payment.error === undefined ? 200 : 402;
  const outcome = payment.error === undefined ? {} : { error: payment.error };
  const order = (at: number): Step[] => [
    call("checkout", "cart", "shop.Cart/GetCart", at + 3, 24, (from) => [
      query("cart", "SELECT cart_items", from + 2, 16, "SELECT * FROM cart_items WHERE cart_id = $1"),
    ]),
    call("checkout", "inventory", "shop.Inventory/Reserve", at + 30, 44, (from) => [
      query(
        "inventory",
        "UPDATE stock",
        from + 3,
        36,
        "UPDATE stock SET reserved = reserved + $2 WHERE id = $1",
      ),
    ]),
    ...payment.steps,
  ];
  const placed = call("frontend", "checkout", "shop.Checkout/PlaceOrder", 6, ms - 14, order, outcome);
  return { ...request("POST /checkout", ms, status, [placed]), ...outcome };
}

const charge = "shop.Payment/Charge";

const paid: Payment = (at) => ({ steps: [call("checkout", "payment", charge, at, 176, () => [])] });

const declined: Payment = (at) => {
  const error = "card declined: insufficient funds";
  const exception = { type: "CardDeclined", message: error };
  const attempt = call("checkout", "payment", charge, at, 158, () => [], { error, exception });
  return { steps: [attempt], error: "payment failed" };
};

const paidAtSecondTry: Payment = (at) => {
  const error = "deadline exceeded";
  const exception = { type: "TimeoutError", message: "no answer from the card network within 400 ms" };
  return {
    steps: [
      call("checkout", "payment", charge, at, 402, () => [], { error, exception }),
      call("checkout", "payment", charge, at + 452, 171, () => [], { attributes: { "retry.count": 1 } }),
    ],
  };
};

function request(name: string, ms: number, status: number, children: readonly Step[]): Step {
  const [method = "", route = ""] = name.split(" ");
  const attributes = {
    "http.request.method": method,
    "http.route": route,
    "http.response.status_code": status,
  };
  return { service: "frontend", name, kind: "server", at: 0, ms, attributes, children };
}

/** A call to another service: the caller's span and, a little shorter, the callee's below it. */
function call(
  from: string,
  to: string,
  name: string,
  at: number,
  ms: number,
  inside: (at: number, ms: number) => readonly Step[],
  outcome: Pick<Step, "error" | "exception" | "attributes"> = {},
): Step {
  const attributes = { "rpc.system.name": "grpc", "rpc.method": name };
  const { exception, ...callerOutcome } = outcome;
  const callee: Step = {
    service: to,
    name,
    kind: "server",
    at: at + 1,
    ms: ms - 2,
    ...(outcome.error === undefined ? {} : { error: outcome.error }),
    ...(exception === undefined ? {} : { exception }),
    attributes,
    children: inside(at + 1, ms - 2),
  };
  return {
    service: from,
    name,
    kind: "client",
    at,
    ms,
    ...callerOutcome,
    attributes: { ...attributes, "server.address": to, ...outcome.attributes },
    children: [callee],
  };
}

/** A query as the service's PostgreSQL client tells it. */
function query(
  service: string,
  name: string,
  at: number,
  ms: number,
  statement: string,
  more: Readonly<Record<string, number>> = {},
): Step {
  return {
    service,
    name,
    kind: "client",
    at,
    ms,
    attributes: {
      "db.system.name": "postgresql",
      "db.namespace": "shop",
      "db.query.text": statement,
      "server.address": "postgres",
      ...more,
    },
  };
}
