/* Messages below the heap. Once the checks know where that is they open no file for a call. */
#include "../check.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static struct message message __attribute__((aligned(16))) = {.mtype = 1};

static void forbid_opening(void)
{
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {.len = sizeof steps / sizeof *steps, .filter = steps};
    NEED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    NEED(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0);
}

static void send_and_receive(int id)
{
    NEED(msgsnd(id, &message, sizeof message.mtext, 0) == 0);
    NEED(msgrcv(id, &message, sizeof message.mtext, 0, 0) == sizeof message.mtext);
}

int main(void)
{
    int id = new_queue();
    send_and_receive(id);
    pid_t child = fork();
    if (child == 0) {
        send_and_receive(id);
        forbid_opening();
        for (int i = 0; i < 100; i++)
            send_and_receive(id);
        _exit(0);
    }
    wait_for(child);
    remove_queue(id);
    return 0;
}
