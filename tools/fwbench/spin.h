/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FWBENCH_SPIN_H
#define FWBENCH_SPIN_H

#define SPIN_STEPS 32

/*
 * Runs, and calls nothing. No pause instruction: some emulators go back to their
 * main loop for each. Unrolled, because they like long blocks.
 */
static inline unsigned long spin(unsigned long x)
{
	int i;

#pragma GCC unroll 32
	for (i = 0; i < SPIN_STEPS; i++)
		x = x * 5 + 1;
	asm volatile("" : "+r" (x));
	return x;
}

#endif /* FWBENCH_SPIN_H */
