import { createServer } from "node:http";
import { Pool } from "undici";

/*
 * The reference of the benchmark: the least that a proxy can do. It forwards the body to the upstream and the answer back, on
 * node:http and an undici pool, and knows no keys, budgets, prices or traces.
 */
const pool = new Pool(process.argv[2] as string, { connections: 256, pipelining: 1 });

const server = createServer((request, response) => {
  const pieces: Buffer[] = [];
  request.on("data", (piece: Buffer) => pieces.push(piece));
  request.on("end", async () => {
    try {
      const headers = { "content-type": "application/json", authorization: request.headers.authorization ?? "" };
      const answer = await pool.request({ path: request.url ?? "/", method: "POST", headers, body: Buffer.concat(pieces) });
      if (String(answer.headers["content-type"]).includes("event-stream")) {
        response.writeHead(answer.statusCode, { "content-type": "text/event-stream" });
        answer.body.pipe(response);
        return;
      }
      const body = Buffer.from(await answer.body.arrayBuffer());
      response.writeHead(answer.statusCode, { "content-type": "application/json", "content-length": body.length });
      response.end(body);
    } catch (error) {
      response.writeHead(502);
      response.end((error as Error).message);
    }
  });
});
server.listen(0, "127.0.0.1", () =>
  console.log(JSON.stringify({ url: `http://127.0.0.1:${(server.address() as { port: number }).port}` })),
);
process.stdin.on("end", () => process.exit(0)).resume();
