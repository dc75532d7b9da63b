import "./styles/base.css";

import { mount } from "svelte";

import type { Backend } from "./lib/backend/backend";
import { tauriBackend } from "./lib/backend/tauri";
import { Session } from "./lib/session.svelte";
import App from "./views/App.svelte";

/** In development, what the address asks for: a made-up engine, and a state of the window. */
const address = import.meta.env.DEV ? new URLSearchParams(location.search) : null;
const made = address?.get("fake") ?? null;

/** The engine, or a made-up one. */
async function chooseBackend(): Promise<Backend> {
  if (import.meta.env.DEV && address && made !== null) {
    const { fakeFromAddress } = await import("./lib/backend/fakeAddress");
    return fakeFromAddress(Number(made), address);
  }
  return tauriBackend;
}

const target = document.getElementById("app");
if (target) {
  const session = new Session(await chooseBackend());
  mount(App, { target, props: { session } });
  if (import.meta.env.DEV && address && made !== null) {
    const { openFromAddress } = await import("../dev/open");
    await openFromAddress(session, address);
  }
}
