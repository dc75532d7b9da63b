/**
 * Paints the map on a canvas: dots, pictures of some photos, the names of clusters, and the line
 * that is being drawn around some. All of it anew for each frame, which takes a few milliseconds.
 */
import type { PhotoMap } from "../backend/photoMap";
import { type Camera, type Screen, toScreen } from "./camera";
import { type Dots, drawDots, mixed, pixel } from "./dots";
import { labels } from "./labels";
import { Pictures } from "./pictures";
import { spaced } from "./spaced";
import type { Place, SpatialGrid } from "./spatial";

export interface Scene {
  map: PhotoMap;
  grid: SpatialGrid;
  camera: Camera;
  /** Places of chosen photos in the map. */
  chosen: readonly number[];
  /** The line that is being drawn, in pixels of the screen. */
  outline: readonly Place[];
}

/** Colours and sizes, as the tokens give them. */
export interface Look {
  ground: string;
  text: string;
  /** Of dots of no cluster, and from and to which those of clusters go. */
  loose: string;
  dim: string;
  bright: string;
  accent: string;
  font: string;
}

/** Pixels of a picture's longer side. */
export const PICTURE = 72;
const TONES = 3;
const LINE = 15;
const HALO = 6;

export class Painter {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D | null;
  readonly #pictures: Pictures;
  #image: ImageData | null = null;
  #tones: { map: PhotoMap; chosen: readonly number[]; tone: Uint8Array } | null = null;
  #widths = new Map<string, number>();
  /** Where pictures were painted last, in pixels of the screen. */
  #placed: { index: number; x: number; y: number; width: number; height: number }[] = [];

  /** `repaint` is called when a picture has come. */
  constructor(canvas: HTMLCanvasElement, source: (id: number) => string, repaint: () => void) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { alpha: false });
    this.#pictures = new Pictures(source, repaint);
  }

  /** `resting`: the map does not move, so that pictures may be asked for. */
  paint(scene: Scene, screen: Screen, ratio: number, look: Look, resting: boolean): void {
    const context = this.#context;
    const width = Math.max(1, Math.round(screen.width * ratio));
    const height = Math.max(1, Math.round(screen.height * ratio));
    if (context === null) return;
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
      this.#image = null;
    }
    this.#image ??= context.createImageData(width, height);
    const pixels = new Uint32Array(this.#image.data.buffer);
    drawDots(pixels, width, height, ratio, scene.camera, this.#dots(scene, look));
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.putImageData(this.#image, 0, 0);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#paintPictures(context, scene, screen, look, resting);
    this.#paintNames(context, scene, screen, look);
    this.#paintOutline(context, scene.outline, look);
  }

  /** The photo whose picture lies at a place of the screen, the uppermost; -1 for none. */
  pictureAt({ x, y }: Place): number {
    const hit = this.#placed.findLast(
      (one) => x >= one.x && x <= one.x + one.width && y >= one.y && y <= one.y + one.height,
    );
    return hit?.index ?? -1;
  }

  stop(): void {
    this.#pictures.clear();
  }

  #dots({ map, grid, chosen }: Scene, look: Look): Dots {
    if (this.#tones?.map !== map || this.#tones.chosen !== chosen) {
      const tone = new Uint8Array(map.ids.length);
      for (let i = 0; i < tone.length; i++) {
        const cluster = map.cluster[i] ?? -1;
        tone[i] = cluster < 0 ? 0 : 1 + (cluster % TONES);
      }
      for (const index of chosen) tone[index] = 1 + TONES;
      this.#tones = { map, chosen, tone };
    }
    const [dim, bright] = [pixel(look.dim), pixel(look.bright)];
    return {
      grid,
      x: map.x,
      y: map.y,
      tone: this.#tones.tone,
      tones: Uint32Array.of(
        pixel(look.loose),
        ...Array.from({ length: TONES }, (_, i) => mixed(dim, bright, i / (TONES - 1))),
        pixel(look.accent),
      ),
      ground: pixel(look.ground),
    };
  }

  #paintPictures(
    context: CanvasRenderingContext2D,
    { map, grid, camera, chosen }: Scene,
    screen: Screen,
    look: Look,
    resting: boolean,
  ): void {
    this.#placed = [];
    const held = new Set(chosen);
    for (const index of spaced(grid, map.x, map.y, camera, screen, PICTURE * 1.25)) {
      const id = map.ids[index] ?? 0;
      const picture = this.#pictures.get(id, resting);
      if (picture === null) continue;
      const { naturalWidth, naturalHeight } = picture;
      const scale = PICTURE / Math.max(naturalWidth, naturalHeight, 1);
      const [width, height] = [naturalWidth * scale, naturalHeight * scale];
      const middle = toScreen(camera, screen, { x: map.x[index] ?? 0, y: map.y[index] ?? 0 });
      const [x, y] = [middle.x - width / 2, middle.y - height / 2];
      context.drawImage(picture, x, y, width, height);
      if (held.has(index)) {
        context.lineWidth = 2;
        context.strokeStyle = look.accent;
        context.strokeRect(x, y, width, height);
      }
      this.#placed.push({ index, x, y, width, height });
    }
  }

  #paintNames(
    context: CanvasRenderingContext2D,
    { map, camera }: Scene,
    screen: Screen,
    look: Look,
  ): void {
    context.font = look.font;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    context.lineWidth = HALO;
    context.strokeStyle = look.ground;
    context.fillStyle = look.text;
    const placed = labels(map.clusters, {
      place: (cluster) => toScreen(camera, screen, cluster),
      width: (name) => this.#widthOf(context, name),
      height: LINE,
      screen,
    });
    for (const { cluster, x, y } of placed) {
      context.strokeText(cluster.name, x, y);
      context.fillText(cluster.name, x, y);
    }
  }

  #widthOf(context: CanvasRenderingContext2D, name: string): number {
    const known = this.#widths.get(name);
    if (known !== undefined) return known;
    const { width } = context.measureText(name);
    this.#widths.set(name, width);
    return width;
  }

  #paintOutline(
    context: CanvasRenderingContext2D,
    outline: readonly Place[],
    { accent }: Look,
  ): void {
    const [first, ...others] = outline;
    if (!first) return;
    context.beginPath();
    context.moveTo(first.x, first.y);
    for (const { x, y } of others) context.lineTo(x, y);
    context.closePath();
    context.lineWidth = 2;
    context.strokeStyle = accent;
    context.stroke();
  }
}
