// What the server told this page: which faults are switched on, and the release.

const config = JSON.parse(document.getElementById("config").textContent);

/** Whether a fault is switched on; the names are those of faults.py. */
export function faulty(name) {
  return config.faults.includes(name);
}
