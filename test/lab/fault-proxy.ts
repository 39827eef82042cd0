// A network between the steps and the hosts that is slow, or breaks at a byte that the test names: a TCP proxy.

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export interface Endpoint {
  address: string;
  port: number;
}

/** Where the proxy listens, and what stands behind that place. */
export interface Route {
  from: Endpoint;
  to: Endpoint;
}

/** `up` goes to the host, `down` comes from it. */
export type Direction = "up" | "down";

/** What happens to a connection once `after` bytes have passed in one direction; 0: at its very beginning. */
export interface Fault {
  /**
   * `reset`: both ends get RST. `end`: both ends get FIN. `stall`: nothing passes any more, in neither direction,
   * and nobody is told. `pause`: the same for `ms` milliseconds. `corrupt`: the next byte arrives as another one.
   */
  kind: "reset" | "end" | "stall" | "pause" | "corrupt";
  direction: Direction;
  after: number;
  /** Which connection by this route, counted from 0. */
  connection: number;
  ms?: number;
}

/** What passed in one direction before something passed in the other one: bytes of that direction, from 0. */
export interface Burst {
  direction: Direction;
  from: number;
  to: number;
}

/** A connection that came, and how many bytes of it have passed. */
export interface Passed {
  /** The place of its route. */
  route: number;
  up: number;
  down: number;
  bursts: Burst[];
  /** The fault has happened to it. */
  broken: boolean;
}

export interface FaultProxy {
  /** Those since the last plan, in the order in which they came. */
  connections: readonly Passed[];
  /**
   * From now on, what happens to the connections of each route; those that come are counted from 0 again. Those that
   * have been broken are dropped: both ends learn of it.
   */
  plan(faults: readonly (Fault | undefined)[]): void;
  /**
   * From now on these routes, and no others, are cut: nothing passes, in neither direction, also on connections that
   * come, and nobody is told. A route that is cut no more goes on where it was, and tells what it has kept to itself.
   */
  cut(routes: readonly number[]): void;
  /** Drops all connections and listens no more. */
  stop(): Promise<void>;
}

// So many bytes may be under way in one direction of one connection; more wait in the kernel.
const window = 64 * 1024 * 1024;

/** One direction of a connection. */
class Stream {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #delay: number;
  #underWay = 0;
  #held = false;
  #lost = false;

  constructor(from: Socket, to: Socket, delay: number) {
    this.#from = from;
    this.#to = to;
    this.#delay = delay;
  }

  /** Takes what comes, by `take`, which says by `pass` what of it shall go on. */
  start(take: (chunk: Buffer) => void): void {
    this.#from.on("data", take);
    this.#from.on("end", () => this.later(() => this.#to.end()));
    this.#from.on("error", () => {
      this.#lost = true;
      this.#flow();
    });
    this.#flow();
  }

  pass(bytes: Buffer): void {
    this.#underWay += bytes.length;
    this.#flow();
    const arrived = () => {
      this.#underWay -= bytes.length;
      this.#flow();
    };
    this.later(() => this.#to.write(bytes, arrived));
  }

  /** Does something when all that has passed until now has arrived. Timers of one length keep their order. */
  later(act: () => void): void {
    if (this.#delay === 0) act();
    else setTimeout(act, this.#delay).unref();
  }

  #flow(): void {
    if (this.#lost && !this.#held) this.later(() => this.#to.resetAndDestroy());
    else if (this.#held || this.#underWay > window) this.#from.pause();
    else this.#from.resume();
  }

  hold(): void {
    this.#held = true;
    this.#flow();
  }

  release(): void {
    this.#held = false;
    this.#flow();
  }

  /** Has bytes come again, after the hold. */
  keep(rest: Buffer): void {
    if (rest.length > 0) this.#from.unshift(rest);
  }
}

/** Makes the byte at a place another one. */
function corrupted(chunk: Buffer, place: number): Buffer {
  const other = Buffer.from(chunk);
  other.writeUInt8(other.readUInt8(place) ^ 0xff, place);
  return other;
}

class Connection {
  readonly passed: Passed;
  readonly #fault: Fault | undefined;
  readonly #sockets: readonly Socket[];
  readonly #streams: Record<Direction, Stream>;

  constructor(client: Socket, host: Socket, route: number, delay: number, fault: Fault | undefined) {
    this.passed = { route, up: 0, down: 0, bursts: [], broken: false };
    this.#fault = fault;
    this.#sockets = [client, host];
    this.#streams = { up: new Stream(client, host, delay), down: new Stream(host, client, delay) };
    if (fault?.after === 0 && fault.kind !== "corrupt") this.#break(fault);
    for (const way of ["up", "down"] as const) this.#streams[way].start((chunk) => this.#take(way, chunk));
  }

  #take(way: Direction, chunk: Buffer): void {
    const fault = this.#fault;
    const left = fault?.direction === way && !this.passed.broken ? fault.after - this.passed[way] : Infinity;
    if (fault === undefined || left > chunk.length) this.#pass(way, chunk);
    else if (fault.kind === "corrupt") {
      // What follows this chunk is the next one's first byte.
      this.passed.broken = left < chunk.length;
      this.#pass(way, this.passed.broken ? corrupted(chunk, left) : chunk);
    } else {
      this.#pass(way, chunk.subarray(0, left));
      this.#streams[way].later(() => this.#break(fault));
      this.#streams[way].hold();
      this.#streams[way].keep(chunk.subarray(left));
    }
  }

  #pass(way: Direction, bytes: Buffer): void {
    if (bytes.length === 0) return;
    const from = this.passed[way];
    const to = from + bytes.length;
    this.passed[way] = to;
    const last = this.passed.bursts.at(-1);
    if (last?.direction === way) last.to = to;
    else this.passed.bursts.push({ direction: way, from, to });
    this.#streams[way].pass(bytes);
  }

  #break({ kind, ms }: Fault): void {
    this.passed.broken = true;
    if (kind === "reset") for (const socket of this.#sockets) socket.resetAndDestroy();
    else if (kind === "end") for (const socket of this.#sockets) socket.destroySoon();
    else {
      this.hold();
      if (kind === "pause") setTimeout(() => this.release(), ms).unref();
    }
  }

  hold(): void {
    for (const stream of Object.values(this.#streams)) stream.hold();
  }

  release(): void {
    for (const stream of Object.values(this.#streams)) stream.release();
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

/**
 * Listens at every route's `from` and passes on to its `to`. Everything takes `delay` milliseconds on its way, in each
 * direction; throughput is not limited. What TCP itself sends takes its time, too: the host hears of a connection three
 * ways later (SYN, SYN-ACK, ACK), so that its first byte is there after four.
 */
export async function startProxy(routes: readonly Route[], delay = 0): Promise<FaultProxy> {
  let faults: readonly (Fault | undefined)[] = [];
  let connections: Connection[] = [];
  const open = new Set<{ close(): void }>();
  let isCut: readonly number[] = [];

  const accept = (route: number, client: Socket) => {
    if (client.destroyed) return;
    const { address: host, port } = (routes[route] as Route).to;
    const earlier = connections.filter(({ passed }) => passed.route === route).length;
    const fault = faults[route]?.connection === earlier ? faults[route] : undefined;
    const behind = connect({ host, port, allowHalfOpen: true, noDelay: true });
    const connection = new Connection(client, behind, route, delay, fault);
    connections.push(connection);
    open.add(connection);
    if (isCut.includes(route)) connection.hold();
  };
  const servers = routes.map(({ from }, route) => {
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (client) => {
      client.on("error", () => {}); // the connection's own listener comes later, and tells the host
      open.add({ close: () => client.destroy() });
      setTimeout(accept, 3 * delay, route, client);
    });
    return server.listen(from.port, from.address);
  });
  await Promise.all(servers.map((server) => once(server, "listening")));
  return {
    get connections() {
      return connections.map(({ passed }) => passed);
    },
    plan: (next) => {
      for (const connection of connections) if (connection.passed.broken) connection.close();
      faults = next;
      connections = [];
    },
    cut: (next) => {
      for (const connection of connections) {
        const { route } = connection.passed;
        if (next.includes(route)) connection.hold();
        else if (isCut.includes(route)) connection.release();
      }
      isCut = next;
    },
    stop: async () => {
      const closed = servers.map((server) => once(server, "close"));
      for (const server of servers) server.close();
      for (const one of open) one.close();
      await Promise.all(closed);
    },
  };
}
