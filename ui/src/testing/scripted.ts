/** A backend whose answers to questions come when, and as, a test says. */
import type { Backend, SearchRequest } from "../lib/backend/backend";
import { FakeBackend } from "../lib/backend/fake";
import { encodeListing, type FakeRecord } from "../lib/backend/fakeListing";
import { decodeListing, type Listing } from "../lib/backend/listing";

export interface OpenQuestion {
  /** Null for the library. */
  request: SearchRequest | null;
  answer(listing: Listing): void;
  fail(error: unknown): void;
}

export class ScriptedBackend extends FakeBackend implements Backend {
  readonly questions: OpenQuestion[] = [];

  constructor() {
    super({ count: 3 });
  }

  override library(): Promise<Listing> {
    return this.#open(null);
  }

  override search(request: SearchRequest): Promise<Listing> {
    return this.#open(request);
  }

  #open(request: SearchRequest | null): Promise<Listing> {
    return new Promise((answer, fail) => this.questions.push({ request, answer, fail }));
  }
}

export function listingOf(
  records: readonly FakeRecord[],
  header?: Record<string, unknown>,
): Listing {
  return decodeListing(encodeListing(records, header));
}

/** Records with the ids 1 to `count`. */
export function plain(count: number): FakeRecord[] {
  return Array.from({ length: count }, (_, i) => ({ id: i + 1 }));
}
