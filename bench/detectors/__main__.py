"""Precision and recall of every detector, one by one, on labelled recordings.

Without `--recordings` the set is our own: real Chromium visits the demo shop and the playground, with faults on and
off; the first run records it (some minutes), later ones take it from `bench/.recordings`.

    python -m bench.detectors [--fresh] [--recordings DIR …] [--only DETECTOR …]
"""

import argparse
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from bench.detectors import others
from bench.detectors.judging import Judgement, judge
from bench.detectors.recording import FOLDER, ensure_recorded
from bench.detectors.recordings import Recording, read_recordings
from bench.detectors.scores import Fired, score, table
from bench.detectors.visits import VISITS
from bench.figures import Figure, print_figures
from retrace_assets.signals.detectors import DETECTORS

PRECISION, RECALL = 0.95, 0.90


def main() -> int:
    """Judge and print; exit code 1 when a detector misses its target."""
    arguments = _arguments()
    if not arguments.recordings:
        ensure_recorded(VISITS, fresh=arguments.fresh)
    folders = arguments.recordings or [FOLDER]
    recordings = [one for folder in folders for one in read_recordings(folder, decoded=arguments.decoded)]
    detectors = arguments.only or list(DETECTORS)
    return _report(recordings, detectors, judge(recordings))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recordings", type=Path, nargs="+", help="folders of labelled recordings to judge instead")
    parser.add_argument("--fresh", action="store_true", help="record our own set anew")
    parser.add_argument("--decoded", action="store_true", help="take also what other recorders sent, decoded")
    parser.add_argument("--only", nargs="+", choices=DETECTORS, metavar="DETECTOR", help="judge these detectors")
    return parser.parse_args()


def _report(recordings: Sequence[Recording], detectors: Sequence[str], judgement: Judgement) -> int:
    def ours(recording: Recording) -> Collection[str]:
        return judgement.fired(recording.id)

    print(f"{len(recordings)} recordings, {judgement.events:,} events judged in {judgement.seconds:.2f} s\n")
    print("\n".join(table(recordings, detectors, {"Retrace": (ours, DETECTORS), **_others(recordings)})))
    for recording in recordings:
        _explain(recording, detectors, judgement)
    print()
    return print_figures([figure for detector in detectors for figure in _figures(recordings, detector, ours)])


def _others(recordings: Sequence[Recording]) -> dict[str, tuple[Fired, Collection[str]]]:
    """What the rules of others say, by system."""
    found = {recording.id: others.fired(recording) for recording in recordings}

    def by(system: str) -> Fired:
        return lambda recording: found[recording.id][system]

    return {system: (by(system), others.has(system)) for system in others.RULES}


def _figures(recordings: Sequence[Recording], detector: str, fired: Fired) -> list[Figure]:
    """A detector's two targets; none of a figure that the set cannot give."""
    found = score(recordings, detector, fired)
    shares = ((f"{detector}, precision", found.precision, PRECISION), (f"{detector}, recall", found.recall, RECALL))
    return [Figure(name, share, "", target, at_least=True) for name, share, target in shares if share is not None]


def _explain(recording: Recording, detectors: Sequence[str], judgement: Judgement) -> None:
    fired = judgement.fired(recording.id)
    if recording.id in judgement.unread:
        print(f"\n{recording.id} ({recording.variant}): could not be taken in")
    for detector in detectors:
        if detector in recording.truth.required - fired:
            print(f"\n{recording.id} ({recording.variant}): {detector} missed\n    {recording.truth.about}")
        if detector in fired & recording.truth.forbidden:
            print(f"\n{recording.id} ({recording.variant}): {detector} fired wrongly")
            for verdict in judgement.verdicts[recording.id]:
                if verdict.detector == detector:
                    print(f"    +{verdict.offset_ms:,} ms {verdict.url}")
                    print(f"    {verdict.message}\n    {verdict.counterfactual}")


if __name__ == "__main__":
    sys.exit(main())
