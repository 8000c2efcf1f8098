/**
 * Which addresses may be called on somebody else's word. Names are resolved here, every address is checked, and the connection goes to the
 * address that was checked, so that a name that changes its mind in between leads nowhere. Written out addresses are checked as they are;
 * URL parsing has already turned decimal, octal and short forms into the usual one.
 */
import { type LookupAddress, lookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

const ownNetworks = new BlockList();
for (const [network, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 3],
] as const)
  ownNetworks.addSubnet(network, bits, "ipv4");
for (const [network, bits] of [
  ["::", 96], // unspecified, loopback, embedded IPv4
  ["::ffff:0:0", 96],
  ["64:ff9b::", 96], // these four lead to IPv4 addresses through translators and tunnels
  ["64:ff9b:1::", 48],
  ["2001::", 32],
  ["2002::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8],
] as const)
  ownNetworks.addSubnet(network, bits, "ipv6");

/** Thrown, and given to connections, instead of calling an address of this machine or of its networks. */
export const privateAddress = "private address";

const isPrivate = (address: string, family: number): boolean => ownNetworks.check(address, family === 6 ? "ipv6" : "ipv4");

/** A look-up that gives only addresses that may be called, and the check for hosts that are addresses already. */
export type NetworkGuard = { lookup: LookupFunction; refuses(hostname: string): boolean };

/** @param allowPrivate the owner named this host, so it may be anywhere */
export function createNetworkGuard(allowPrivate: boolean): NetworkGuard {
  return {
    lookup(hostname, options, callback) {
      lookup(hostname, { ...options, all: true }, (error, found) => {
        const addresses =
          error === null
            ? (found as LookupAddress[]).filter(({ address, family }) => allowPrivate || !isPrivate(address, family))
            : [];
        const [first] = addresses;
        if (first === undefined) callback(error ?? new Error(privateAddress), "", 4);
        else if (options.all === true) callback(null, addresses);
        else callback(null, first.address, first.family);
      });
    },
    refuses(hostname) {
      const host = hostname.replace(/^\[|\]$/g, "");
      const family = isIP(host);
      return family !== 0 && !allowPrivate && isPrivate(host, family);
    },
  };
}

/**
 * True where one of the owner's entries names the address: `host`, `host:port`, or `*.domain` for what lies below a domain.
 * @param portNumber where the address does not name it; otherwise the usual one of its protocol
 */
export function isNamedHost(entries: readonly string[], url: URL, portNumber?: number): boolean {
  const host = url.hostname.toLowerCase();
  const port = String(portNumber ?? (url.port || (url.protocol === "https:" ? 443 : 80)));
  return entries.some((entry) => {
    const [, name = "", only] = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    if (only !== undefined && only !== port) return false;
    return name.startsWith("*.") ? isIP(host) === 0 && host.endsWith(name.slice(1)) : host === name;
  });
}
