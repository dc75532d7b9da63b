/**
 * The made-up backend that the address of the development server describes, so that every state of
 * the window can be looked at in a plain browser. `?fake=COUNT` chooses it, with so many photos;
 * behind that:
 *
 * - `state`: one of `FakeState`; `models`: one of `FakeModelsState`
 * - `readOnly`: the library is damaged, for the reason given or a usual one
 * - `pace` and `mainsOnly=1`: what is wanted of the work; `inUse` and `onMains`: what the system
 *   tells, each `yes`, `no` or `untold`
 * - `deviceReason`: why the graphics card is not used
 * - `tags=computing`: suggestions are still being computed
 * - `fail=METHOD,METHOD`: these methods of the backend reject
 * - `photos=1`: the test photos instead of drawings; photo 39 has a long caption
 * - `latency`: milliseconds that each answer takes; `still=1`: nothing is downloaded or prepared
 */
import type { Backend } from "./backend";
import type { CommandError, Conditions, Pace, Policy } from "./dto";
import { FakeBackend, type FakeFile, type FakeOptions, type FakeState } from "./fake";
import type { FakeModelsState } from "./fakeModels";

const DAMAGED =
  "/home/anna/.local/share/afterimage/library.sqlite is damaged (database disk image is malformed) and was left as it is. Shown is the library as it was on 2026-11-20, for reading only: nothing is indexed or changed. To go on from there, run `afterimage library restore /home/anna/.local/share/afterimage/backups/library-2026-11-20.sqlite`";

export async function fakeFromAddress(count: number, address: URLSearchParams): Promise<Backend> {
  const options: FakeOptions = {
    count,
    state: (address.get("state") ?? "idle") as FakeState,
    models: (address.get("models") ?? "starter") as FakeModelsState,
    latencyMs: Number(address.get("latency") ?? 0),
  };
  const reason = address.get("deviceReason");
  if (reason !== null) options.deviceReason = reason;
  const readOnly = address.get("readOnly");
  if (readOnly !== null) options.readOnly = readOnly.length > 1 ? readOnly : DAMAGED;
  const policy = policyOf(address);
  if (policy) options.policy = policy;
  const conditions = conditionsOf(address);
  if (conditions) options.conditions = conditions;
  if (address.has("photos")) {
    const answer = await fetch("/dev-photos/index.json");
    options.files = (await answer.json()) as FakeFile[];
  }
  const backend = new FakeBackend(options);
  backend.tags.ready = address.get("tags") !== "computing";
  for (const method of address.get("fail")?.split(",") ?? []) breakMethod(backend, method);
  if (!address.has("still")) backend.stock.runByItself();
  return backend;
}

function policyOf(address: URLSearchParams): Policy | null {
  if (!address.has("pace") && !address.has("mainsOnly")) return null;
  return {
    pace: (address.get("pace") ?? "automatic") as Pace,
    mainsOnly: address.has("mainsOnly"),
  };
}

function conditionsOf(address: URLSearchParams): Conditions | null {
  if (!address.has("inUse") && !address.has("onMains")) return null;
  const told = (name: string): boolean | null => {
    const word = address.get(name) ?? "yes";
    return word === "untold" ? null : word === "yes";
  };
  return { inUse: told("inUse"), onMains: told("onMains") };
}

function breakMethod(backend: FakeBackend, method: string): void {
  const error: CommandError = {
    code: "failed",
    message: "the library in /home/anna/.local/share/afterimage is not there: connect its drive",
  };
  Object.assign(backend, { [method]: () => Promise.reject(error) });
}
