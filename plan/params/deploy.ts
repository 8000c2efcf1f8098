/** `params` of a task of kind `deploy`: what is brought to a host over ssh, how it is started, how one sees that it is well. */
import { z } from "zod";
import { HttpExpectation } from "./http.ts";
import { headerMap, insidePath, truth, webAddress, whole } from "./scalars.ts";

const hostName = z.string().regex(/^(?!-)[A-Za-z0-9.:_-]{1,253}$/, "is not the name or address of a host");
const userName = z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/i, "is not the name of a user");
const remoteFolder = z
  .string()
  .regex(/^\/[\w./-]+$/, "must be an absolute path of plain characters")
  .refine((path) => !path.split("/").includes("..") && path.replaceAll("/", "").length > 0, {
    error: "must be a folder of its own",
  });
const script = z.string().trim().min(1).max(20_000);

export const DeployParams = z
  .strictObject({
    host: hostName,
    port: whole(1, 65_535).default(22),
    user: userName.optional(),
    /** The public key of the host, as in known_hosts (`ssh-ed25519 AAAA…`); without it the owner's known_hosts has to know the host. */
    hostKey: z
      .string()
      .regex(/^(?:ssh|ecdsa)-[\w@.-]+ [A-Za-z0-9+/=]+$/, "must be a key such as 'ssh-ed25519 AAAA…'")
      .optional(),
    /** The name of a secret that holds a private key; without it the keys and the agent of the owner are used. */
    key: z
      .string()
      .regex(/^[A-Za-z_]\w*$/, "is the name of a secret, without ${secret:}")
      .optional(),
    /** Folder on the host: releases lie in it, and `current` points to the one that runs. */
    folder: remoteFolder,
    /** Folder or file of the workspace that is brought there. */
    source: insidePath.optional(),
    /** An image that is built from the workspace and pushed; its name is IMAGE in the commands on the host. */
    image: z
      .strictObject({
        name: z.string().regex(/^[a-z0-9][\w./:-]{0,254}$/, "is not the name of an image"),
        context: insidePath.default("."),
        file: insidePath.optional(),
        push: truth.default(true),
      })
      .optional(),
    /** Run on the host in `current` after it was switched, and again after going back. */
    start: script.optional(),
    /** One of them says whether it is well: an address that is asked from here, or a command on the host in `current`. */
    health: z
      .strictObject({
        url: webAddress.optional(),
        expect: HttpExpectation.prefault({}),
        command: script.optional(),
        /** How long it may take until it is well. */
        seconds: whole(1, 3600).default(60),
        everySeconds: z.coerce.number().min(0.05).max(60).default(1),
      })
      .refine(({ url, command }) => (url === undefined) !== (command === undefined), { error: "give url or command" })
      .optional(),
    /** Go back to the last release that was well when this one is not. */
    rollback: truth.default(true),
    /** Releases that stay on the host. */
    keep: whole(1, 100).default(5),
    /** Told when it is well. */
    registry: z
      .strictObject({
        url: webAddress,
        method: z.enum(["POST", "PUT", "PATCH"]).default("POST"),
        headers: headerMap.default({}),
        json: z.unknown().optional(),
      })
      .optional(),
    /** Says that doing it twice does no harm, so that it may run again when its outcome is unknown. */
    idempotent: truth.default(false),
    cwd: z.string().optional(),
  })
  .refine(({ source, image }) => source !== undefined || image !== undefined, { error: "give source, image or both" });
export type DeployParams = z.infer<typeof DeployParams>;
