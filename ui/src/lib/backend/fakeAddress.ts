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
 * - `tags=computing`: suggestions are still being computed; `decided=dog:rejected:1.2;cat:confirmed:3`:
 *   what was decided before
 * - `favourites=1.2`: these photos are; `saved=NAME:QUERY;NAME:QUERY`: searches that are kept
 * - `fail=METHOD,METHOD`: these methods of the backend reject, `METHOD:CODE` with that code,
 *   `METHOD@2` from the second call on; `hang=METHOD,METHOD`: these never answer
 * - `photos=1`: the test photos instead of drawings; photo 39 has a long caption
 * - `latency`: milliseconds that each answer takes; `still=1`: nothing is downloaded or prepared
 *
 * What the window does with it, `open`, `lang`, `theme` and more, is read by `dev/open.ts`; all
 * states are listed in `dev/states.ts`.
 */
import { says } from "./backend";
import type { Backend } from "./backend";
import type { CommandError, Conditions, Decision, ErrorCode, Pace, Policy } from "./dto";
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
  for (const decided of listed(address, "decided", ";")) decide(backend, decided);
  backend.opinions.setFavourite(listed(address, "favourites", ".").map(Number), true);
  for (const saved of listed(address, "saved", ";")) {
    const [name = "", query = ""] = saved.split(/:(.*)/s);
    backend.saved.add({ name, query, examples: [], like: [], unlike: [] });
  }
  for (const method of listed(address, "fail", ",")) breakMethod(backend, method);
  for (const method of listed(address, "hang", ",")) {
    Object.assign(backend, { [method]: () => new Promise(() => undefined) });
  }
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

function listed(address: URLSearchParams, name: string, between: string): string[] {
  return (address.get(name) ?? "").split(between).filter((part) => part !== "");
}

/** `dog:rejected:1.2`; a category that begins with `own-` is made first. */
function decide(backend: FakeBackend, decided: string): void {
  const [category = "", decision, numbers = ""] = decided.split(":");
  const photos = numbers.split(".").map(Number);
  if (category.startsWith("own-")) backend.tags.add(photos, category.slice("own-".length));
  else backend.tags.decide(photos, category, decision as Decision);
}

/** `search`, `insight:cancelled`, `search@2` */
function breakMethod(backend: FakeBackend, broken: string): void {
  const [, method = "", code = "failed", from = "1"] =
    /^(\w+)(?::(\w+))?(?:@(\d+))?$/.exec(broken) ?? [];
  const error: CommandError = {
    code: code as ErrorCode,
    message: says("cannot open {path}", {
      path: "/home/anna/.local/share/afterimage/library.sqlite",
    }),
  };
  const whole = backend[method as keyof FakeBackend] as (...values: unknown[]) => unknown;
  let calls = 0;
  const reject = (...values: unknown[]): unknown =>
    ++calls < Number(from) ? whole.apply(backend, values) : Promise.reject(error);
  Object.assign(backend, { [method]: reject });
}
