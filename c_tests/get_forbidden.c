/* msgget asks for permissions: EACCES for another user, and for an owner who denied himself. */
#define _GNU_SOURCE
#include "support.h"

int main(void)
{
    int msqid = new_queue(test_key(), 0600);
    key_t key = test_key();
    pid_t child = fork_child();
    if (child == 0) {
        if (!drop_privileges())
            leave_child(NO_STRANGER);
        /* The owner is not saved by the permissions of others. */
        own_queue(msgget(second_test_key(), IPC_CREAT | IPC_EXCL | 0066));
        FAILS(EACCES, msgget(second_test_key(), 0600));
        CHECK(msgget(second_test_key(), 0) != -1);
        printf("asking for nothing passes\n");
        leave_child(0);
    }
    expect_stranger_content(child);

    child = fork_child();
    if (child == 0) {
        if (!become_stranger())
            leave_child(NO_STRANGER);
        FAILS(EACCES, msgget(key, 0600));
        FAILS(EACCES, msgget(key, IPC_CREAT | 0004));
        FAILS(EEXIST, msgget(key, IPC_CREAT | IPC_EXCL | 0600));
        CHECK_EQ(msgget(key, 0), msqid);
        printf("asking for nothing passes\n");
        leave_child(0);
    }
    expect_stranger_content(child);
    return 0;
}
