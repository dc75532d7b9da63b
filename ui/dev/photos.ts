/**
 * Serves the test photos to the fake backend while developing: `/dev-photos/index.json` lists
 * them with their sizes, `/dev-photos/<name>` is the file. Part of the development server only;
 * nothing of it reaches a build.
 */
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

const SHARED =
  process.env.AFTERIMAGE_SHARED ?? fileURLToPath(new URL("../../../shared", import.meta.url));
const FOLDER = join(SHARED, "photos", "everyday");

/** Width and height from a JPEG's frame header, or null where there is none. */
function jpegSize(path: string): { width: number; height: number } | null {
  const bytes = readFileSync(path);
  let at = 2;
  while (at + 9 < bytes.length && bytes[at] === 0xff) {
    const marker = bytes.readUInt8(at + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) {
      return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
    }
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return null;
}

export function devPhotos(): Plugin {
  return {
    name: "dev-photos",
    apply: "serve",
    configureServer(server) {
      server.middlewares.use("/dev-photos", (request, response) => {
        const name = basename(
          decodeURIComponent(new URL(request.url ?? "/", "http://dev").pathname),
        );
        if (name === "index.json") {
          const names = existsSync(FOLDER) ? readdirSync(FOLDER).sort() : [];
          const photos = names.flatMap((file) => {
            const path = join(FOLDER, file);
            const size = jpegSize(path);
            return size ? [{ name: file, bytes: statSync(path).size, ...size }] : [];
          });
          response.setHeader("content-type", "application/json");
          response.end(JSON.stringify(photos));
          return;
        }
        const path = join(FOLDER, name);
        if (!existsSync(path) || !statSync(path).isFile()) {
          response.statusCode = 404;
          response.end();
          return;
        }
        response.setHeader("content-type", "image/jpeg");
        createReadStream(path).pipe(response);
      });
    },
  };
}
