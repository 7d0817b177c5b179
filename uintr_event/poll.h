/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _UINTR_EVENT_POLL_H
#define _UINTR_EVENT_POLL_H

#ifdef CONFIG_INFINIBAND_COMP_VECTOR
void uintr_event_poll_init(void);
void uintr_event_poll_exit(void);
#else
static inline void uintr_event_poll_init(void) { }
static inline void uintr_event_poll_exit(void) { }
#endif

#endif /* _UINTR_EVENT_POLL_H */
