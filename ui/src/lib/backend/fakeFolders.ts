/** Folders of made-up photos. */
import type { Folder, Root } from "./dto";

/** A root with years below it, and a trip in each of them. */
export function fakeFolders(root: Root): Folder[] {
  const folder = (path: string, depth: number, photos: number): Folder => ({
    root: root.id,
    path,
    name: path.split("/").at(-1) ?? path,
    depth,
    photos,
  });
  const share = Math.floor(root.photos / 3);
  const years = [2024, 2023, 2022].flatMap((year) => [
    folder(`${root.path}/${year}`, 1, share),
    folder(`${root.path}/${year}/Lisbon`, 2, Math.floor(share / 4)),
  ]);
  return [folder(root.path, 0, root.photos), ...(root.photos >= 3 ? years : [])];
}
