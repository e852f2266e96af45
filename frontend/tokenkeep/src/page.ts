/** What the package needs of a browser tab: pass `window`. Tests pass a tab of their own. */
export interface Page {
  readonly localStorage: Storage;
  readonly indexedDB: IDBFactory;
  readonly document: {
    readonly visibilityState: string;
    addEventListener(type: 'visibilitychange', listener: () => void): void;
  };
  addEventListener(type: 'storage', listener: (event: StorageEvent) => void): void;
  setTimeout(callback: () => void, ms: number): number;
  clearTimeout(timer: number | undefined): void;
}
