/** What made-up photos show. */
import { chance, type FakeRecord } from "./fakeListing";

/** A landscape of three hills under a sky. */
export function drawing(id: number, { aspect = 1 }: FakeRecord): string {
  const hue = chance(id, 2) * 360;
  const width = 300;
  const height = Math.round(width / aspect);
  const hill = (layer: number): string => {
    const y = height * (0.45 + layer * 0.15);
    const dip = (chance(id, 10 + layer) - 0.5) * height * 0.5;
    const light = 42 - layer * 9;
    return `<path d="M0 ${y} Q${width / 2} ${y + dip} ${width} ${y}V${height}H0Z" fill="hsl(${hue} 30% ${light}%)"/>`;
  };
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width * 4}" height="${height * 4}" viewBox="0 0 ${width} ${height}">` +
    `<rect width="100%" height="100%" fill="hsl(${hue + 160} 35% 68%)"/>` +
    `<circle cx="${width * chance(id, 20)}" cy="${height * 0.3}" r="${height * 0.1}" fill="hsl(45 60% 84%)"/>` +
    `${hill(0)}${hill(1)}${hill(2)}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

/** A colour as 0xRRGGBB. */
export function rgb(hue: number, saturation: number, lightness: number): number {
  const channel = (n: number): number => {
    const k = (n + hue / 30) % 12;
    const a = saturation * Math.min(lightness, 1 - lightness);
    return Math.round(255 * (lightness - a * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return (channel(0) << 16) | (channel(8) << 8) | channel(4);
}
