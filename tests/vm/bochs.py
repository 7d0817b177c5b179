# SPDX-License-Identifier: GPL-2.0
"""How boot starts a kernel in Bochs, which has no option for that.

What a boot loader would read from a disk is in memory before the machine starts:
Bochs loads files as it loads option ROMs. So the disk is a floppy with one sector,
which only has to copy the kernel's real-mode part below 1 MB and jump to it, as
Documentation/arch/x86/boot.rst has it.
"""

import os
import re
import struct
import subprocess

CLOCK = 50_000_000      # instructions a second of the guest's time, and its TSC

# Where things are in the guest's memory.
SETUP = 0x10000         # the real-mode part, its stack, and the command line
SETUP_STACK = 0xe000    # these two are offsets there
SETUP_CMDLINE = 0xe000
SETUP_SIZE = 0xf000
PROTECTED = 0x100000    # the rest of the kernel
SETUP_LOADED = 0xf00000  # the real-mode part, until the boot sector copies it
HUGE = 0x200000
TOP = 0x200000          # what the BIOS may want for its tables, of the end of memory

CMDLINE_MAX = SETUP_SIZE - SETUP_CMDLINE - 1

# Bochs ends with status 1 whatever happened: it calls all of these a panic.
ENDS = re.compile(r">>PANIC<< (ACPI control: soft power off|reset by the guest: )")
PANIC = re.compile(r">>PANIC<< (.*)")


class BochsError(Exception):
    """What cannot be booted like this."""


def boot_sector():
    """Copies SETUP_SIZE bytes from SETUP_LOADED to SETUP, and jumps there."""
    def descriptor(base):
        return struct.pack("<HHBBBB", 0xffff, base & 0xffff, base >> 16 & 0xff, 0x93, 0, base >> 24)

    segment = SETUP >> 4
    head = (b"\xfa"                                        # cli
            b"\x31\xc0\x8e\xd8\x8e\xc0\x8e\xd0"            # xor ax,ax; mov ds,ax; es; ss
            b"\xbc\x00\x7c"                                # mov sp,0x7c00
            b"\xfb"                                        # sti
            b"\xbe%s"                                      # mov si,table
            b"\xb9" + struct.pack("<H", SETUP_SIZE // 2) +  # mov cx,words
            b"\xb4\x87\xcd\x15"                            # mov ah,0x87; int 0x15
            b"\x72\xfe"                                    # jc to itself: boot has a timeout
            b"\xb8" + struct.pack("<H", segment) +         # mov ax,segment
            b"\xfa"                                        # cli
            b"\x8e\xd8\x8e\xc0\x8e\xe0\x8e\xe8\x8e\xd0"    # mov ds,ax; es; fs; gs; ss
            b"\xbc" + struct.pack("<H", SETUP_STACK) +     # mov sp,stack
            b"\xea\x00\x00" + struct.pack("<H", segment + 0x20))  # jmp to its second sector
    code = head.replace(b"%s", struct.pack("<H", 0x7c00 + len(head)))
    # int 0x15 wants a table of descriptors, of which two are its caller's.
    code += bytes(16) + descriptor(SETUP_LOADED) + descriptor(SETUP) + bytes(16)
    return code.ljust(510, b"\0") + b"\x55\xaa"


def split_kernel(image, cmdline, initrd, memory):
    """The real-mode part, told of the rest, the rest, and where the initrd has to be."""
    if image[0x202:0x206] != b"HdrS" or struct.unpack_from("<H", image, 0x206)[0] < 0x20c:
        raise BochsError("the kernel is no bzImage")
    if len(cmdline) > CMDLINE_MAX:
        raise BochsError("the command line is longer than %d bytes" % CMDLINE_MAX)
    size = ((image[0x1f1] or 4) + 1) * 512
    setup = bytearray(SETUP_SIZE)
    setup[:size] = image[:size]
    setup[SETUP_CMDLINE:SETUP_CMDLINE + len(cmdline)] = cmdline
    if PROTECTED + len(image) - size > SETUP_LOADED:
        raise BochsError("the kernel is too big: %d MB" % (len(image) >> 20))

    # Behind the room that the kernel needs to unpack itself.
    preferred, needed = struct.unpack_from("<QI", image, 0x258)
    where = -(-(preferred + needed) // HUGE) * HUGE
    if where + len(initrd) > memory - TOP:
        raise BochsError("kernel and initramfs need more memory than %d MB: see --mem" % (memory >> 20))

    setup[0x210] = 0xff         # a boot loader that has no number
    setup[0x211] |= 0x80        # there is a heap, up to
    struct.pack_into("<H", setup, 0x224, SETUP_STACK - 0x400)
    struct.pack_into("<II", setup, 0x218, where, len(initrd))
    struct.pack_into("<I", setup, 0x228, SETUP + SETUP_CMDLINE)
    return bytes(setup), image[size:], where


def unpacked(initrd):
    """The initramfs as boot has it is archives, of which the first one is compressed:
    that is quicker to undo here than in there."""
    if initrd[:4] != b"\x28\xb5\x2f\xfd":
        return initrd
    return subprocess.run(["zstd", "-dcq"], input=initrd, stdout=subprocess.PIPE, check=True).stdout


def topology(smp):
    """--smp as QEMU takes it, in Bochs' words."""
    count, *rest = smp.split(",")
    shape = dict(part.split("=") for part in rest)
    cores, threads = int(shape.get("cores", 1)), int(shape.get("threads", 1))
    if not rest:
        cores = int(count)
    return "%d:%d:%d" % (int(count) // (cores * threads), cores, threads)


def megabytes(mem):
    number, unit = re.fullmatch(r"(\d+)([MG]?)", mem).groups()
    return int(number) << (10 if unit == "G" else 0)


def check(smp, mem):
    """Complains of what Bochs cannot have."""
    if not re.fullmatch(r"\d+(,(cores|threads)=\d+)*", smp):
        raise BochsError("--smp takes CPUs[,cores=N,threads=N], not '%s'" % smp)
    if not re.fullmatch(r"\d+[MG]?", mem) or not 64 <= megabytes(mem) <= 2048:
        raise BochsError("--mem takes 64M to 2G with Bochs, not '%s'" % mem)


def prepare(folder, bios, args, cmdline, image, job_archive, results_fd):
    """Writes what Bochs needs to folder, and returns the command that starts it."""
    memory = megabytes(args.mem)
    with open(args.kernel, "rb") as f:
        kernel = f.read()
    initrd = unpacked(image)
    initrd += bytes(-len(initrd) % 4) + job_archive
    setup, protected, where = split_kernel(kernel, cmdline.encode(), initrd, memory << 20)
    files = {"floppy": boot_sector().ljust(1474560, b"\0"), "setup": setup,
             "kernel": protected, "initrd": initrd}
    path = {name: os.path.join(folder, name) for name in files}
    for name, data in files.items():
        with open(path[name], "wb") as f:
            f.write(data)
    rc = os.path.join(folder, "bochsrc")
    with open(rc, "w", encoding="utf-8") as f:
        f.write("\n".join([
            "config_interface: textconfig",
            "display_library: nogui",
            "cpu: model=arrow_lake, count=%s, ips=%d, reset_on_triple_fault=0" % (topology(args.smp), CLOCK),
            "memory: guest=%d, host=%d" % (memory, memory),
            "romimage: file=%s/bios.bin, options=fastboot" % bios,
            "vgaromimage: file=%s/vgabios.bin" % bios,
            "vga: extension=none, update_freq=1, realtime=0",
            "pci: enabled=1, chipset=i440fx",
            "clock: sync=none, time0=1767225600",      # the first second of 2026
            "floppya: 1_44=%s, status=inserted" % path["floppy"],
            "boot: floppy",
            "optramimage1: file=%s, address=%#x" % (path["setup"], SETUP_LOADED),
            "optramimage2: file=%s, address=%#x" % (path["kernel"], PROTECTED),
            "optramimage3: file=%s, address=%#x" % (path["initrd"], where),
            "com1: enabled=1, mode=file, dev=%s" % os.path.join(args.out, "console.log"),
            "com2: enabled=1, mode=file, dev=/dev/fd/%d" % results_fd,
            "log: %s" % log(args.out),
            "panic: action=fatal",
            "error: action=ignore",
            "info: action=ignore",
            "debug: action=ignore",
            "speaker: enabled=0", ""]))
    return [os.path.join(bios, "bochs"), "-q", "-f", rc]


def log(out):
    return os.path.join(out, "bochs.log")


def why_it_ended(out, status):
    """None, if the guest wanted it to."""
    with open(log(out), encoding="utf-8", errors="replace") as f:
        said = f.read()
    if ENDS.search(said):
        return None
    panic = PANIC.search(said)
    return "Bochs ended with status %d: %s" % (status, panic.group(1) if panic else "it said nothing")
