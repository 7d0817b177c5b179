# SPDX-License-Identifier: GPL-2.0
"""Benchmarks of verbs in one guest: on rxe and on the mlx5 device model, mode by mode.

The guest has two CPUs on one virtual clock, a nanosecond for each instruction; the device
model is a process of its own, whose time does not count.
"""

import argparse
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BOOT = os.path.join(TOP, "tests", "vm", "boot")

# row DEVICE MODE COMMAND...: a row, from the line of JSON that the command prints.
JOB = """\
ip link set lo up
insmod /lib/modules/mlx5_core.ko && insmod /lib/modules/mlx5_ib.ko || exit 1
rdma link add rxe0 type rxe netdev lo || exit 1
until grep -qs ACTIVE /sys/class/infiniband/mlx5_0/ports/1/state; do :; done
until grep -qs 'ffff:7f00:0001' /sys/class/infiniband/rxe0/ports/1/gids/*; do :; done
insmod /lib/modules/fastwake.ko || exit 1
row() {
	case $1 in rxe) node=rxe0 ;; *) node=mlx5_0 ;; esac
	echo "$2" >/sys/kernel/fastwake/mode || exit 1
	row="{\\"device\\": \\"$1\\", \\"mode\\": \\"$2\\", "
	shift 2
	line=$(FASTWAKE_RIG_DEVICE=$node "$@") || exit 1
	report "DATA $row${line#?}"
	report "PASS $1"
}
"""


def measure(name, about, job, figures):
    """Boot a guest that runs @job after JOB; its rows go to NAME.json and to the user."""
    p = argparse.ArgumentParser(description=about,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--kernel", required=True, help="bzImage of the patched kernel")
    p.add_argument("--image", required=True, help="initramfs with the mlx5 tests")
    p.add_argument("--out", default=os.path.join(TOP, "build", "results"), help="folder of the results")
    p.add_argument("--json", action="store_true", help="print JSON instead of the table")
    args = p.parse_args()

    out = os.path.join(args.out, name)
    os.makedirs(out, exist_ok=True)
    path = os.path.join(out, "job")
    with open(path, "w", encoding="ascii") as f:
        f.write(JOB + job)
    done = subprocess.run([BOOT, "--kernel", args.kernel, "--image", args.image, "--job", path,
                           "--out", out, "--smp", "2", "--icount", "--device", "mlx5",
                           "--timeout", "1800", "--quiet"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.stdout.write(done.stdout)
        sys.exit("%s: the guest failed, see %s" % (name, os.path.join(out, "console.log")))
    with open(os.path.join(out, "results"), encoding="ascii") as f:
        rows = [json.loads(line[5:]) for line in f if line.startswith("DATA ")]

    path = os.path.join(args.out, name + ".json")
    with open(path + ".tmp", "w", encoding="ascii") as f:
        json.dump(rows, f, indent=1)
        f.write("\n")
    os.replace(path + ".tmp", path)
    if args.json:
        json.dump(rows, sys.stdout, indent=1)
        print()
        return
    print("".join("%-17s" % f for f in figures))
    for row in rows:
        print("".join("%-17s" % row[f] for f in figures))
