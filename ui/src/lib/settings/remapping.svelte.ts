/** Giving actions other keys: by pressing them, and deciding where two actions want the same. */
import { pressed } from "../shortcuts/keys";
import { reserved } from "../shortcuts/sheet";
import { ACTIONS, type ActionId, type Shortcuts } from "../shortcuts/shortcuts.svelte";

/** A key that was pressed for an action and cannot simply be given to it. */
export interface Refused {
  id: ActionId;
  keys: string;
  /** Whose key it is already; null for one that no action can have there. */
  other: ActionId | null;
}

export class Remapping {
  /** The action whose next key is waited for. */
  listening = $state<ActionId | null>(null);
  refused = $state.raw<Refused | null>(null);

  #shortcuts: Shortcuts;

  constructor(shortcuts: Shortcuts) {
    this.#shortcuts = shortcuts;
  }

  listen(id: ActionId): void {
    this.refused = null;
    this.listening = id;
  }

  /** No key is waited for, and nothing is to be decided any more. */
  leave(): void {
    this.listening = null;
    this.refused = null;
  }

  /** A key was pressed; false while it is only held, or leads out of here. */
  press(event: KeyboardEvent): boolean {
    const id = this.listening;
    const keys = pressed(event);
    if (id === null || keys === null || keys === "Tab" || keys === "Shift+Tab") return false;
    this.listening = null;
    if (keys === "Esc") return true;
    const other = this.#shortcuts.conflict(id, keys);
    if (reserved(keys, ACTIONS[id].scope)) this.refused = { id, keys, other: null };
    else if (other !== null) this.refused = { id, keys, other };
    else this.#add(id, keys);
    return true;
  }

  /** Gives the key to the action that it was pressed for, and takes it from every other. */
  take(): void {
    const { refused } = this;
    this.refused = null;
    if (refused === null || refused.other === null) return;
    const { id, keys } = refused;
    for (;;) {
      const other = this.#shortcuts.conflict(id, keys);
      if (other === null) break;
      this.remove(other, keys);
    }
    this.#add(id, keys);
  }

  remove(id: ActionId, keys: string): void {
    this.#shortcuts.rebind(
      id,
      this.#shortcuts.keys(id).filter((key) => key !== keys),
    );
  }

  /** Gives an action, or all, the keys that they came with. */
  reset(id?: ActionId): void {
    this.leave();
    this.#shortcuts.reset(id);
  }

  #add(id: ActionId, keys: string): void {
    this.#shortcuts.rebind(id, [...this.#shortcuts.keys(id), keys]);
  }
}
