import "./styles/base.css";

import { mount } from "svelte";

import type { Backend } from "./lib/backend/backend";
import { tauriBackend } from "./lib/backend/tauri";
import { Session } from "./lib/session.svelte";
import App from "./views/App.svelte";

/** The engine, or in development, where the address asks for it, a made-up one. */
async function chooseBackend(): Promise<Backend> {
  if (import.meta.env.DEV) {
    const address = new URLSearchParams(location.search);
    const count = address.get("fake");
    if (count !== null) {
      const { fakeFromAddress } = await import("./lib/backend/fakeAddress");
      return fakeFromAddress(Number(count), address);
    }
  }
  return tauriBackend;
}

const target = document.getElementById("app");
if (target) mount(App, { target, props: { session: new Session(await chooseBackend()) } });
