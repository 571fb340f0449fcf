/** Load on an HTTP server: requests written whole, answers told by their Content-Length, nothing parsed that need not be. */
import { connect } from "node:net";

/** @typedef {{ host: string, port: number }} Address */

/** A request as the bytes that go over the wire. @param {string} path @param {string} type @param {Uint8Array} body */
export function requestBytes(path, type, body, accept = "application/json") {
  const head = `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\naccept: ${accept}\r\ncontent-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

/** One kept connection: `ask(bytes)` resolves to the answer's body. @param {Address} address */
export async function openConnection({ host, port }) {
  const socket = connect({ host, port, noDelay: true });
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  let held = Buffer.alloc(0);
  /** @type {{ resolve(body: Buffer): void, reject(error: Error): void } | undefined} */
  let waiting;
  socket.on("error", (error) => waiting?.reject(error));
  socket.on("data", (chunk) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    const end = held.indexOf("\r\n\r\n");
    if (end < 0) return;
    const head = held.toString("latin1", 0, end);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
    if (held.length < end + 4 + length) return;
    const body = held.subarray(end + 4, end + 4 + length);
    held = Buffer.alloc(0);
    const { resolve, reject } = waiting;
    if (head.startsWith("HTTP/1.1 200")) resolve(body);
    else reject(new Error(`${head.split("\r\n")[0]} ${body}`));
  });
  return {
    /** @param {Buffer} bytes @returns {Promise<Buffer>} */
    ask: (bytes) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        socket.write(bytes);
      }),
    close: () => socket.destroy(),
  };
}

/**
 * Milliseconds of each of so many requests, one after another on one connection.
 * @param {Address} address @param {Buffer[]} requests @param {number} count
 */
export async function latencies(address, requests, count) {
  const connection = await openConnection(address);
  const times = new Float64Array(count);
  /** @type {Buffer[]} */
  const bodies = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    bodies.push(await connection.ask(requests[i % requests.length]));
    times[i] = performance.now() - start;
  }
  connection.close();
  return { times: times.sort(), bodies };
}

/**
 * Requests answered a second by so many connections that each ask again as soon as they are answered.
 * @param {Address} address @param {Buffer[]} requests @param {number} connections @param {number} seconds
 */
export async function throughput(address, requests, connections, seconds) {
  const end = performance.now() + seconds * 1000;
  const start = performance.now();
  let answered = 0;
  await Promise.all(
    Array.from({ length: connections }, async (_, c) => {
      const connection = await openConnection(address);
      for (let i = c; performance.now() < end; i += connections) {
        await connection.ask(requests[i % requests.length]);
        answered++;
      }
      connection.close();
    }),
  );
  return answered / ((performance.now() - start) / 1000);
}
