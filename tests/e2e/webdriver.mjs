/**
 * A small W3C WebDriver client: what these tests use of the protocol and no more.
 *
 * It speaks to WebKitGTK's own driver, which starts the application as it is; `tauri-driver`
 * would only pass the same requests on. The web view lets itself be driven because of
 * TAURI_WEBVIEW_AUTOMATION.
 */
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

export const Key = {
  enter: "\uE007",
  shift: "\uE008",
  control: "\uE009",
  escape: "\uE00C",
  end: "\uE010",
  home: "\uE011",
  left: "\uE012",
  right: "\uE014",
  down: "\uE015",
  delete: "\uE017",
};

/** Repeats `probe` until it gives something, and says what was waited for when it never does. */
export async function eventually(what, probe, seconds = 20) {
  const end = Date.now() + seconds * 1000;
  let last;
  do {
    try {
      const value = await probe();
      if (value) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await sleep(50);
  } while (Date.now() < end);
  throw new Error(`${what}: not within ${seconds} s`, { cause: last });
}

/** The application's window, driven from outside. */
export class Window {
  #driver;
  #session;
  #log = "";

  /** Starts `binary` with `args`, `env` being all of its environment. */
  static async open(binary, args, env) {
    const window = new Window();
    const port = await freePort();
    const driver = spawn(
      "WebKitWebDriver",
      [`--port=${port}`, "--host=127.0.0.1"],
      {
        env: { ...env, TAURI_WEBVIEW_AUTOMATION: "true" },
        stdio: ["ignore", "pipe", "pipe"],
        detached: true,
      },
    );
    driver.on("error", (error) => (window.#log += error.message));
    for (const stream of [driver.stdout, driver.stderr]) {
      stream.on("data", (chunk) => (window.#log += chunk));
    }
    window.#driver = driver;
    const base = `http://127.0.0.1:${port}`;
    try {
      await eventually(
        "the driver answers",
        () => call("GET", `${base}/status`),
        10,
      );
      const options = { "webkitgtk:browserOptions": { binary, args } };
      const { sessionId } = await call("POST", `${base}/session`, {
        capabilities: { alwaysMatch: options },
      });
      window.#session = `${base}/session/${sessionId}`;
    } catch (error) {
      await window.close();
      throw new Error(
        `the window did not open: ${error.message}\n${window.#log}`,
      );
    }
    return window;
  }

  /** What the application and the driver printed. */
  get log() {
    return this.#log;
  }

  /** All elements with this `data-testid`, in the order of the document. */
  async all(id) {
    const query = { using: "css selector", value: `[data-testid="${id}"]` };
    const found = await this.#post("elements", query);
    return found.map(
      (each) =>
        new Element((...request) => this.#element(each[ELEMENT], ...request)),
    );
  }

  /** Waits for the first element with this `data-testid`. */
  async find(id, seconds) {
    return eventually(
      `"${id}" is there`,
      async () => (await this.all(id))[0],
      seconds,
    );
  }

  /** Waits until no element has this `data-testid`. */
  async gone(id, seconds) {
    await eventually(
      `"${id}" is gone`,
      async () => (await this.all(id)).length === 0,
      seconds,
    );
  }

  /** Opens another page, and waits until it is loaded. */
  async goTo(url) {
    await this.#post("url", { url });
  }

  /** Types into whatever has the focus. */
  async press(...keys) {
    const actions = keys.flatMap((value) => [
      { type: "keyDown", value },
      { type: "keyUp", value },
    ]);
    await this.#post("actions", {
      actions: [{ type: "key", id: "keyboard", actions }],
    });
  }

  /** Holds all keys but the last, and presses that. */
  async chord(...keys) {
    const down = keys.map((value) => ({ type: "keyDown", value }));
    const up = keys.toReversed().map((value) => ({ type: "keyUp", value }));
    await this.#post("actions", {
      actions: [{ type: "key", id: "keyboard", actions: [...down, ...up] }],
    });
  }

  /** The value of a function body evaluated in the page. */
  async run(script, ...args) {
    return this.#post("execute/sync", { script, args });
  }

  /** The same for one that calls its last argument with the value. */
  async runAsync(script, ...args) {
    return this.#post("execute/async", { script, args });
  }

  async resize(width, height) {
    // Around the page there may be more than nothing: bars, in a browser.
    const [wide, high] = await this.run("return [innerWidth, innerHeight]");
    const outer = await this.#get("window/rect");
    await this.#post("window/rect", {
      width: width + outer.width - wide,
      height: height + outer.height - high,
    });
    await eventually(`the page is ${width} x ${height}`, async () => {
      const size = await this.run("return [innerWidth, innerHeight]");
      return size[0] === width && size[1] === height;
    });
  }

  /** Writes what the page shows to a PNG. */
  async screenshot(file) {
    const image = await call("GET", `${this.#session}/screenshot`);
    await writeFile(file, Buffer.from(image, "base64"));
  }

  /** Closes the window and ends the driver, with whatever it started. */
  async close() {
    if (this.#session) await call("DELETE", this.#session).catch(() => {});
    await end(this.#driver);
  }

  async #post(command, body) {
    return call("POST", `${this.#session}/${command}`, body);
  }

  async #get(command) {
    return call("GET", `${this.#session}/${command}`);
  }

  async #element(id, method, command, body) {
    return call(method, `${this.#session}/element/${id}/${command}`, body);
  }
}

/** An element of the page, for as long as the page keeps it. */
class Element {
  #request;

  constructor(request) {
    this.#request = request;
  }

  /** Its text as it is shown, with line ends. */
  text() {
    return this.#request("GET", "property/innerText");
  }

  attribute(name) {
    return this.#request("GET", `attribute/${name}`);
  }

  click() {
    return this.#request("POST", "click", {});
  }

  /** Types into a text field. */
  type(text) {
    return this.#request("POST", "value", { text });
  }
}

/** Ends a process that was started `detached`, and all that it started. */
export async function end(child) {
  if (child.pid === undefined) return;
  const ended = new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once("exit", resolve);
  });
  signal(child, "SIGTERM");
  await Promise.race([ended, sleep(3000)]);
  // Whatever is left of its group.
  signal(child, "SIGKILL");
}

function signal(child, name) {
  try {
    process.kill(-child.pid, name);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

async function call(method, url, body) {
  const answer = await fetch(url, {
    method,
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(60_000),
  });
  const { value } = await answer.json();
  if (!answer.ok) throw new Error(`${value.error}: ${value.message}`);
  return value;
}

async function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
