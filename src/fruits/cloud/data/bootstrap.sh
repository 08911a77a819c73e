#!/bin/bash
# Runs on every node before Spark does: installs the package from the bucket, with no internet, and on the primary sets
# a timer that halts it, should everything else fail to stop the cluster.
#
# bootstrap.sh PACKAGE_URI HOME PYTHON HALT   (seconds since 1970; a node may be long in coming)
set -euo pipefail

package=$1 home=$2 python=$3 halt=$4
info=${INSTANCE_INFO:-/mnt/var/lib/info/instance.json}
as_root=""
[ "$(id -u)" = 0 ] || as_root=sudo

if [ "$halt" != 0 ] && grep -q '"isMaster" *: *true' "$info"; then
  minutes=$(( (halt - $(date +%s) + 59) / 60 ))
  $as_root shutdown -h "+$(( minutes > 1 ? minutes : 1 ))" "the budget of this run ends"
fi

work=$(mktemp -d)
aws s3 cp --recursive --only-show-errors "$package/" "$work/"
(cd "$work" && sha256sum --quiet --check SHA256SUMS)

$as_root mkdir -p "$home"
$as_root chown "$(id -u):$(id -g)" "$home"
"$python" -m venv --clear --without-pip "$home"
pip=$(echo "$work"/pip-*.whl)  # a wheel of pip runs as it is; the node may have none for this Python
"$home/bin/python" "$pip/pip" install --quiet --no-index --no-deps --require-hashes --disable-pip-version-check \
  --find-links "$work/wheels" -r "$work/requirements.txt"
cp "$work/job.py" "$home/job.py"
[ ! -d "$work/backbones" ] || cp -r "$work/backbones" "$home/backbones"
rm -rf "$work"
"$home/bin/python" -c 'import fruits, onnxruntime, pyarrow, boto3; print("Fruits!", fruits.__version__, "is installed")'
