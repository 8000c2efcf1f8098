/** Where a workspace can be seen from; see `sql/0006_places.sql`. */

/** The place of a workspace that was handed to this node. A folder inside a shared one belongs to all nodes that share it. */
export function placeOf(workspace: string, nodeId: string, sharedPaths: readonly string[]): string {
  const shared = sharedPaths.find((path) => `${workspace}/`.startsWith(`${bare(path)}/`));
  return shared === undefined ? `node:${nodeId}` : sharedPlace(shared);
}

/** All places of which a node may have tasks. */
export function placesOf(nodeId: string, sharedPaths: readonly string[]): string[] {
  return [`node:${nodeId}`, ...sharedPaths.map(sharedPlace)];
}

/** Without the slash at the end; nothing for the root. */
const bare = (path: string) => path.replace(/\/+$/, "");
const sharedPlace = (path: string) => `shared:${bare(path)}/`;
