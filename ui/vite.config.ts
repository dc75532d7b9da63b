import { svelte } from "@sveltejs/vite-plugin-svelte";
import { svelteTesting } from "@testing-library/svelte/vite";
import { defineConfig } from "vitest/config";

import { devPhotos } from "./dev/photos.ts";

export default defineConfig({
  plugins: [svelte(), svelteTesting(), devPhotos()],
  clearScreen: false,
  build: {
    // What the oldest supported web views understand: WebKitGTK 2.40 and WebView2.
    target: ["safari16.4", "chrome111"],
    // The content security policy allows fonts and pictures from files only, so nothing
    // may be inlined as a data URL.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // All of it comes from the disk, and is read once.
    chunkSizeWarningLimit: 1000,
  },
  server: { port: 1420, strictPort: true, host: "127.0.0.1" },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.ts"],
    setupFiles: ["./src/testing/setup.ts"],
    restoreMocks: true,
  },
});
