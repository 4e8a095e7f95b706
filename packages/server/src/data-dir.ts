import { mkdirSync } from 'node:fs';

/**
 * Makes the data folder. Others may pass through it but not look into it: where root has no user namespaces, as in many
 * containers, PostgreSQL runs as another user and has to reach its own folder. Each secret inside has mode 0600.
 */
export function makeDataDir(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o711 });
}
