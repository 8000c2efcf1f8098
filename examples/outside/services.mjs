// The outside world of plan.yaml, on this machine: a shop with orders, a page, and a registry of services. Ends with Ctrl-C.
import { createServer } from "node:http";

const registered = new Map();
let asked = 0;

const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  const json = (status, value) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
  if (request.url === "/health") return json(++asked < 3 ? 503 : 200, { status: asked < 3 ? "starting" : "ok" });
  if (request.url === "/orders.csv") return response.end("customer,amount\nann,2\nbob,3.5\nann,4\n");
  if (request.url === "/services" && request.method === "POST") {
    const key = request.headers["idempotency-key"];
    if (!registered.has(key)) registered.set(key, JSON.parse(body));
    return json(201, { registered: [...registered.values()] });
  }
  response.writeHead(200, { "content-type": "text/html" });
  return response.end(`<h1>Shop</h1><p>${registered.size} services are registered</p>`);
});

server.listen(Number(process.argv[2] ?? 8099), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
