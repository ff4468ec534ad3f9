/* Whoever a process has become counts at its next call: nobody remembers who it was. */
#define _GNU_SOURCE
#include "support.h"

#define ROUNDS 1000

static int msqid;
static struct message message = {.mtype = 1, .mtext = "from root"};

static bool may_send(void)
{
    return msgsnd(msqid, &message, 9, IPC_NOWAIT) == 0;
}

/* Root may send, and takes it off again; a stranger may do neither. */
static void expect(bool permitted)
{
    if (permitted) {
        CHECK(may_send());
        CHECK_EQ(msgrcv(msqid, &message, TEXT_SIZE, 1, IPC_NOWAIT), 9);
        CHECK_EQ(stat_of(msqid).msg_qnum, 1);
        return;
    }
    struct msqid_ds ds;
    CHECK(!may_send() && errno == EACCES);
    CHECK(msgrcv(msqid, &message, TEXT_SIZE, 1, IPC_NOWAIT) == -1 && errno == EACCES);
    CHECK(msgctl(msqid, IPC_STAT, &ds) == -1 && errno == EACCES);
    CHECK(msgget(test_key_of(getppid(), 0), 0600) == -1 && errno == EACCES);
}

static void become_for_good(void)
{
    CHECK(may_send());
    if (setgroups(0, NULL) == -1 || setgid(STRANGER) == -1 || setuid(STRANGER) == -1)
        leave_child(NO_STRANGER);
    FAILS(EACCES, msgsnd(msqid, &message, 9, IPC_NOWAIT));
    expect(false);
}

static void become_back_and_forth(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        if (seteuid(STRANGER) == -1)
            leave_child(NO_STRANGER);
        expect(false);
        CHECK_EQ(seteuid(0), 0);
        expect(true);
    }
    printf("seteuid: every call was answered to who made it\n");
}

/* The same without the C library's knowledge. */
static void become_by_the_system_call(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        if (syscall(SYS_setresuid, -1, STRANGER, -1) == -1)
            leave_child(NO_STRANGER);
        expect(false);
        CHECK_EQ(syscall(SYS_setresuid, -1, 0, -1), 0);
        expect(true);
    }
    printf("the system call: every call was answered to who made it\n");
}

int main(void)
{
    if (geteuid() != 0) {
        printf("not tried: nobody here can become another user\n");
        return 0;
    }
    msqid = new_queue(test_key(), 0600);
    CHECK(may_send());
    void (*const ways[])(void) = {
        become_back_and_forth, become_by_the_system_call, become_for_good};
    for (int i = 0; i < 3; i++) {
        pid_t pid = fork_child();
        if (pid == 0) {
            ways[i]();
            leave_child(0);
        }
        expect_stranger_content(pid);
    }
    return 0;
}
