/*
 * <sys/msg.h> of libmsgq, for programs that are compiled again but not changed:
 *
 *     cc -I/usr/include/msgq-overlay prog.c -lmsgq
 *
 * Everything is as the C library's header says; only the linker knows the four calls as
 * msgq_msgget, msgq_msgctl, msgq_msgsnd and msgq_msgrcv, which libmsgq alone has. So -lmsgq may
 * stand anywhere, and a program for which it was forgotten is not linked, where it would otherwise
 * have the kernel's queues without a word.
 */

#ifndef MSGQ_OVERLAY_SYS_MSG_H
#define MSGQ_OVERLAY_SYS_MSG_H

/* The compiler's warnings are for the program, as with the C library's header. */
#pragma GCC system_header

#ifndef __PRAGMA_REDEFINE_EXTNAME
#error "msgq-overlay/sys/msg.h needs #pragma redefine_extname, which GCC and Clang have"
#endif

#pragma redefine_extname msgget msgq_msgget
#pragma redefine_extname msgctl msgq_msgctl
#pragma redefine_extname msgsnd msgq_msgsnd
#pragma redefine_extname msgrcv msgq_msgrcv

#include_next <sys/msg.h>

#endif /* MSGQ_OVERLAY_SYS_MSG_H */
