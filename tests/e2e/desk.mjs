/** What a window needs around it: a display and a bus of its own. */
import { spawn } from "node:child_process";

/**
 * Starts them, and returns the environment of a window there. What was started goes to the end of
 * `children`, also where the rest could not be.
 */
export async function desk(children, size = "1600x1000") {
  const { server, name: screen } = await display(size);
  children.push(server);
  const { daemon, address } = await bus();
  children.push(daemon);
  return {
    PATH: process.env.PATH,
    LANG: "C.UTF-8",
    DISPLAY: screen,
    DBUS_SESSION_BUS_ADDRESS: address,
    GDK_BACKEND: "x11",
    // There is no accessibility bus to wait for.
    NO_AT_BRIDGE: "1",
  };
}

/** An X server on a display that is free. */
async function display(size) {
  const server = spawn(
    "Xvfb",
    ["-displayfd", "3", "-screen", "0", `${size}x24`, "-nolisten", "tcp"],
    { stdio: ["ignore", "ignore", "ignore", "pipe"], detached: true },
  );
  const number = await new Promise((done, failed) => {
    server.once("error", failed);
    server.once("exit", () =>
      failed(new Error("Xvfb ended before it gave a display")),
    );
    server.stdio[3].once("data", (line) => done(String(line).trim()));
  });
  return { server, name: `:${number}` };
}

/** A session bus, which tells a second instance of the first and carries the theme. */
async function bus() {
  const daemon = spawn(
    "dbus-daemon",
    ["--session", "--nofork", "--print-address=1"],
    {
      stdio: ["ignore", "pipe", "ignore"],
      detached: true,
    },
  );
  const address = await new Promise((done, failed) => {
    daemon.once("error", failed);
    daemon.once("exit", () =>
      failed(new Error("dbus-daemon ended before it gave an address")),
    );
    daemon.stdout.once("data", (line) => done(String(line).trim()));
  });
  return { daemon, address };
}
