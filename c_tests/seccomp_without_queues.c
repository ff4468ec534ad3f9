/* Where the system calls are forbidden, queues that are not the kernel's work as ever. */
#define _GNU_SOURCE
#include "support.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>

#define ANSWER_ENOSYS (SECCOMP_RET_ERRNO | ENOSYS)
#define LOAD(field)                                                                       \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define JUMP_IF_EQUAL(number, distance)                                                   \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), (distance), 0)

/* From now on, and in every program that this one becomes, the kernel has no queues. */
static void forbid_the_system_calls(void)
{
    struct sock_filter steps[] = {
        LOAD(nr),
        JUMP_IF_EQUAL(SYS_msgget, 4),
        JUMP_IF_EQUAL(SYS_msgctl, 3),
        JUMP_IF_EQUAL(SYS_msgsnd, 2),
        JUMP_IF_EQUAL(SYS_msgrcv, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, ANSWER_ENOSYS),
    };
    struct sock_fprog filter = {.len = sizeof steps / sizeof *steps, .filter = steps};
    CHECK_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    CHECK_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0), 0);
}

/* The kernel itself, whoever answers the calls. */
static void expect_them_forbidden(void)
{
    struct message message = {.mtype = 1};
    struct msqid_ds ds;
    CHECK(syscall(SYS_msgget, IPC_PRIVATE, 0600) == -1 && errno == ENOSYS);
    CHECK(syscall(SYS_msgctl, 0, IPC_INFO, &ds) == -1 && errno == ENOSYS);
    CHECK(syscall(SYS_msgsnd, 0, &message, 1L, IPC_NOWAIT) == -1 && errno == ENOSYS);
    CHECK(syscall(SYS_msgrcv, 0, &message, 1L, 0L, IPC_NOWAIT) == -1 && errno == ENOSYS);
}

static void answer(void *msqid)
{
    send_text(*(int *)msqid, 2, "to the sleeper");
}

int main(int argc, char **argv)
{
    /* Begun anew, so that the library meets the filter from its first instruction on. */
    if (argc == 1) {
        if (!queues_are_the_kernels())
            forbid_the_system_calls();
        execl(self_path(), argv[0], "filtered", (char *)NULL);
        CHECK(!"reached: the program could not be begun anew");
    }
    if (!queues_are_the_kernels())
        expect_them_forbidden();

    use_a_queue();
    int msqid = new_queue(test_key(), 0600);
    FAILS(EEXIST, msgget(test_key(), 0600 | IPC_CREAT | IPC_EXCL));
    when_asleep(answer, &msqid);
    show_received(msqid, TEXT_SIZE, 2, 0);
    helper_done();

    pid_t pid = fork_child();
    if (pid == 0) {
        use_a_queue();
        send_text(msqid, 1, "from a child");
        leave_child(0);
    }
    CHECK_EQ(exit_status_of(pid), 0);
    show_received(msqid, TEXT_SIZE, 0, IPC_NOWAIT);
    GIVES(0, msgctl(msqid, IPC_RMID, NULL));
    FAILS(ENOENT, msgget(test_key(), 0));
    return 0;
}
