import { expect, it } from "vitest";
import { placeOf, placesOf } from "../../../orchestrator/domain/place.ts";

it("a workspace belongs to its node, or to the shared folder that it lies in", () => {
  const place = (workspace: string, ...shared: string[]) => placeOf(workspace, "n", shared);
  expect(place("/work/app", "/mnt")).toBe("node:n");
  expect(place("/mnt-old/app", "/mnt")).toBe("node:n");
  expect(place("/mnt/app", "/srv", "/mnt")).toBe("shared:/mnt/");
  expect(place("/mnt/app", "/")).toBe("shared:/");
  expect(placesOf("n", ["/mnt/"])).toContain(place("/mnt", "/mnt"));
});
