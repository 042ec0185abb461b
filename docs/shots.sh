#!/bin/sh
# Makes the pictures of README.md anew: docs/console.png and docs/report.png, of the violated run whose command README.md
# shows. Needs Chromium, a font and pngquant: `apt-get install chromium fonts-dejavu-core pngquant`.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# It plays in a copy, so that the paths on the pictures are nobody's own.
mkdir "$work/shakedown"
cp -r "$root/features" "$root/fixtures" "$work/shakedown"
cargo() { shift; command cargo run --quiet --manifest-path "$root/Cargo.toml" "$@"; }
command=$(sed -n 's/^\$ \(cargo run -- run .*[^ ]\) *# exit code 1$/\1/p' "$root/README.md")
code=0
(cd "$work/shakedown" && eval "$command") >"$work/said" 2>"$work/errors" || code=$?
[ "$code" = 1 ] || { cat "$work/said" "$work/errors" >&2; echo "shots: exit code $code, not 1" >&2; exit 1; }
report=$(sed -n 's/^report: //p' "$work/said")

shoot() { # FILE URL WIDTH HEIGHT
    chromium --headless --no-sandbox --hide-scrollbars --user-data-dir="$work/profile" --virtual-time-budget=5000 \
        --window-size="$3,$4" --screenshot="$work/shot.png" "$2" 2>"$work/errors" || { cat "$work/errors" >&2; exit 1; }
    pngquant --force --output "$root/docs/$1" 64 "$work/shot.png"
    echo "docs/$1: $(wc -c <"$root/docs/$1") bytes"
}

# The console: the text as it was printed, in a monospaced font.
{ printf '$ %s\n' "$command"; cat "$work/said"; } | fold -s -w 148 >"$work/console"
{
    printf '%s' '<!doctype html><meta charset="utf-8"><style>
        body { margin: 0; background: #16181d }
        pre { margin: 0; padding: 20px 24px; color: #e4e6eb; font: 14px/20px "DejaVu Sans Mono", monospace }
    </style><pre>'
    sed 's/&/\&amp;/g; s/</\&lt;/g' "$work/console"
} >"$work/console.html"
shoot console.png "file://$work/console.html" 1300 $(($(wc -l <"$work/console") * 20 + 40))
# The page down to the timeline, with what belongs to it.
shoot report.png "file://$work/shakedown/$report" 1280 1650
