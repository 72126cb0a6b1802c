#!/bin/sh
# Makes the sounds of the prompts from their texts:
#
#   scripts/make-prompts.sh [NAME...]    all of them, or those named
#
# It needs festival, festvox-us-slt-hts and sox, all of them in Debian's main
# archive. docs/decisions/prompts.md says why this voice and these filters.
set -eu

cd "$(dirname "$0")/../internal/ivr/prompts"
loudness=-20.3 # dBFS RMS of each clip, between its two silences
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for tool in festival sox; do
    command -v "$tool" >/dev/null || {
        echo "make-prompts: $tool is missing: apt-get install festival festvox-us-slt-hts sox" >&2
        exit 1
    }
done

# names lists the names in the table of texts, or checks those that were given.
names() {
    if [ $# -eq 0 ]; then
        sed -n 's/^\([a-z0-9_]*\) = ".*"$/\1/p' en.toml
        return
    fi
    for name in "$@"; do
        grep -q "^$name = " en.toml || {
            echo "make-prompts: no text is named $name in en.toml" >&2
            exit 1
        }
        echo "$name"
    done
}

# programme NAME... is what festival shall do: for each clip save the sound and
# print "NAME START LENGTH", the seconds between the silences the voice itself
# puts round an utterance. The voice speaks at 92 % of its speed: a caller
# hears each sentence once.
programme() {
    cat <<'END'
(voice_cmu_us_slt_arctic_hts)
(set! hts_engine_params (append hts_engine_params '(("-r" 0.92))))
(define (speak name text)
  (let (utt start end)
    (set! utt (utt.synth (eval (list 'Utterance 'Text text))))
    (set! start (item.feat (utt.relation.first utt 'Segment) 'end))
    (set! end (item.feat (item.prev (utt.relation.last utt 'Segment)) 'end))
    (utt.save.wave utt (string-append name ".wav") 'riff)
    (format t "%s %f %f\n" name start (- end start))))
END
    for name in "$@"; do
        text=$(sed -n "s/^$name = \"\(.*\)\"\$/\1/p" en.toml)
        printf '(speak "%s/%s" "%s")\n' "$work" "$name" "$text"
    done
}

# polish FILE START LENGTH cuts one clip out of its silences, brings it to the
# telephone's band and sets its loudness. 3 dB more round 2.7 kHz keep s, f and
# t apart on a telephone.
polish() {
    name=$(basename "$1")
    sox -R "$1.wav" -b 16 -r 8000 -c 1 "$1.cut.wav" gain -6 trim "$2" "$3" \
        highpass 180 equalizer 2700 1.2q 3 rate -v 8000
    rms=$(sox "$1.cut.wav" -n stats 2>&1 | sed -n 's/^RMS lev dB *//p')
    gain=$(awk "BEGIN { print $loudness - ($rms) }")
    sox -R "$1.cut.wav" -e mu-law -r 8000 -c 1 "en/$name.wav" \
        fade t 0.004 -0 0.008 gain -l "$gain" pad 0.04 0.04
}

wanted=$(names "$@")
mkdir -p en
# shellcheck disable=SC2086 # names are single words
programme $wanted >"$work/speak.scm"
festival -b "$work/speak.scm" >"$work/spoken"
while read -r file start length; do
    polish "$file" "$start" "$length"
done <"$work/spoken"

# A sound without a text is left over from an earlier table.
for file in en/*.wav; do
    name=$(basename "$file" .wav)
    grep -q "^$name = " en.toml || rm "$file"
done
