/** Where a workspace can be seen from; see `sql/0006_places.sql`. */
import { relative } from "node:path";

/** The place of a workspace that was handed to this node. A folder inside a shared one belongs to all nodes that share it. */
export function placeOf(workspace: string, nodeId: string, sharedPaths: readonly string[]): string {
  const shared = sharedPaths.find((path) => {
    const inside = relative(path, workspace);
    return inside !== ".." && !inside.startsWith("../");
  });
  return shared === undefined ? `node:${nodeId}` : sharedPlace(shared);
}

/** All places of which a node may have tasks. */
export function placesOf(nodeId: string, sharedPaths: readonly string[]): string[] {
  return [`node:${nodeId}`, ...sharedPaths.map(sharedPlace)];
}

const sharedPlace = (path: string) => `shared:${path.replace(/(?<=.)\/+$/, "")}`;
