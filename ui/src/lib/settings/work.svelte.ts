/** How hard the work in the background may go, as the person wants it. */
import { commandError, type Backend } from "../backend/backend";
import type { CommandError, Conditions, Policy } from "../backend/dto";
import { t } from "../i18n/i18n.svelte";
import type { Notices } from "../notices/notices.svelte";

export class Work {
  /** Null until it was read. */
  policy = $state.raw<Policy | null>(null);
  /** What this system tells; null until it was asked. */
  conditions = $state.raw<Conditions | null>(null);
  failure = $state.raw<CommandError | null>(null);

  #backend: Backend;
  #notices: Notices;

  constructor(backend: Backend, notices: Notices) {
    this.#backend = backend;
    this.#notices = notices;
  }

  async load(): Promise<void> {
    try {
      this.policy = await this.#backend.policy();
      this.failure = null;
      this.conditions = await this.#backend.conditions();
    } catch (thrown) {
      if (this.policy === null) this.failure = commandError(thrown);
    }
  }

  /** Shows the choice at once, and takes it back where it cannot be kept. */
  async set(change: Partial<Policy>): Promise<void> {
    const before = this.policy;
    if (before === null) return;
    const policy = { ...before, ...change };
    this.policy = policy;
    try {
      await this.#backend.setPolicy(policy);
    } catch (thrown) {
      if (this.policy === policy) this.policy = before;
      this.#notices.failed(t("settings.choiceNotKept"), thrown);
    }
  }
}
