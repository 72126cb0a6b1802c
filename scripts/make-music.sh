#!/bin/sh
# Makes the tune for who waits on the line, out of nothing but sine waves: broken
# chords that turn back to where they began, so that it can go round. It needs
# sox. docs/decisions/hold-music.md says why it is our own.
set -eu

cd "$(dirname "$0")/../internal/ivr/prompts/en"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

beat=0.42
n=100
for chord in "C4 G4 E4 C5" "A3 E4 C4 A4" "F3 C4 A3 F4" "G3 D4 B3 G4"; do
    for _ in 1 2; do
        for note in $chord; do
            n=$((n + 1))
            # A soft bell: the tone, its octave more quietly, and a long decay.
            sox -R -n -r 8000 -c 1 "$work/$n.wav" synth "$beat" sine "$note" synth "$beat" sine mix "$note" \
                fade q 0.02 "$beat" 0.3
        done
    done
done
sox -R "$work"/1*.wav "$work/tune.wav" echo 0.8 0.7 180 0.3 lowpass 2200
length=$(soxi -D "$work/tune.wav")
sox -R "$work/tune.wav" -e mu-law -r 8000 -c 1 hold_music.wav trim 0 "$length" gain -n -15
