/* Hooks see each call before and after it is made, with its arguments, its result and its errno. */
#define _GNU_SOURCE
#include "hooks.h"

static msgq_call seen[2];
static int befores, afters;

static int before(msgq_call *call, void *data)
{
    CHECK(data == &seen);
    CHECK_EQ(befores, afters);
    befores++;
    seen[0] = *call;
    errno = 1234;
    /* Nobody else sees this. */
    memset(call, 0xa5, sizeof *call);
    return 0;
}

static void after(const msgq_call *call, void *data)
{
    CHECK(data == &seen);
    afters++;
    CHECK_EQ(befores, afters);
    seen[1] = *call;
    errno = 1234;
}

/* Both have seen the same call; it gave RESULT and ERROR. */
static void saw(int function, ssize_t result, int error)
{
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(seen[i].function, function);
        CHECK_EQ(seen[i].answered, 0);
        CHECK_EQ(seen[i].key, seen[0].key);
        CHECK_EQ(seen[i].msqid, seen[0].msqid);
        CHECK_EQ(seen[i].msgflg, seen[0].msgflg);
        CHECK_EQ(seen[i].cmd, seen[0].cmd);
        CHECK(seen[i].buf == seen[0].buf);
        CHECK(seen[i].msgp == seen[0].msgp);
        CHECK_EQ(seen[i].msgsz, seen[0].msgsz);
        CHECK_EQ(seen[i].msgtyp, seen[0].msgtyp);
        CHECK_EQ(seen[i].result, i ? result : 0);
        CHECK_EQ(seen[i].error, i ? error : 0);
    }
}

int main(void)
{
    struct message message = {.mtype = 7, .mtext = "seven"};
    struct msqid_ds ds;
    long hook = new_hook(before, after, &seen);

    int msqid = new_queue(test_key(), 0600);
    saw(MSGQ_MSGGET, msqid, 0);
    CHECK_EQ(seen[0].key, test_key());
    CHECK_EQ(seen[0].msgflg, 0600 | IPC_CREAT | IPC_EXCL);
    CHECK_EQ(seen[0].msqid, 0);

    errno = 77;
    CHECK_EQ(msgsnd(msqid, &message, 5, IPC_NOWAIT), 0);
    CHECK_EQ(errno, 77);
    saw(MSGQ_MSGSND, 0, 0);
    CHECK_EQ(seen[0].msqid, msqid);
    CHECK(seen[0].msgp == &message);
    CHECK_EQ(seen[0].msgsz, 5);
    CHECK_EQ(seen[0].msgflg, IPC_NOWAIT);

    CHECK_EQ(msgrcv(msqid, &message, 64, -9, MSG_NOERROR), 5);
    saw(MSGQ_MSGRCV, 5, 0);
    CHECK_EQ(seen[0].msgsz, 64);
    CHECK_EQ(seen[0].msgtyp, -9);
    CHECK_EQ(seen[0].msgflg, MSG_NOERROR);
    CHECK(seen[0].msgp == &message);

    FAILS(ENOMSG, msgrcv(msqid, &message, 64, 3, IPC_NOWAIT));
    saw(MSGQ_MSGRCV, -1, ENOMSG);

    CHECK_EQ(msgctl(msqid, IPC_STAT, &ds), 0);
    saw(MSGQ_MSGCTL, 0, 0);
    CHECK_EQ(seen[0].cmd, IPC_STAT);
    CHECK(seen[0].buf == &ds);
    CHECK(seen[0].msgp == NULL);

    CHECK_EQ(befores, 5);
    CHECK_EQ(hook_remove(hook), 0);
    use_a_queue();
    CHECK_EQ(befores, 5);
    return 0;
}
