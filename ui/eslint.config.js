import js from "@eslint/js";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";

import svelteConfig from "./svelte.config.js";

/** Components are layered: shared, then the domains, then the views; the layers look down only. */
const layer = (files, ...patterns) => ({
  files,
  rules: { "no-restricted-imports": ["error", { patterns }] },
});
const domains = [
  "duplicates",
  "grid",
  "insight",
  "library",
  "map",
  "models",
  "progress",
  "search",
  "tags",
  "viewer",
];

export default ts.config(
  { ignores: ["dist", "node_modules"] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser, ...globals.node } },
    rules: {
      eqeqeq: "error",
      "no-console": "error",
      "@typescript-eslint/consistent-type-imports": "error",
    },
  },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: {
      parserOptions: { parser: ts.parser, extraFileExtensions: [".svelte"], svelteConfig },
    },
    rules: { "svelte/no-at-html-tags": "error", "svelte/button-has-type": "error" },
  },
  layer(["src/lib/**"], "**/components/**", "**/views/**"),
  layer(["src/components/shared/**"], "**/views/**", ...domains.map((domain) => `../${domain}/*`)),
  ...domains.map((domain) =>
    layer(
      [`src/components/${domain}/**`],
      "**/views/**",
      ...domains.filter((other) => other !== domain).map((other) => `../${other}/*`),
    ),
  ),
);
