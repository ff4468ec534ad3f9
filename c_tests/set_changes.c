/* IPC_SET changes owner, mode and qbytes, sets ctime, and nothing else. */
#define _GNU_SOURCE
#include "support.h"

int main(void)
{
    int msqid = new_queue(test_key(), 0600);
    send_text(msqid, 1, "kept");
    struct msqid_ds before = stat_of(msqid), wanted = before;

    /* Times are whole seconds: only in a later one can the change be seen. */
    WAIT_UNTIL(time(NULL) > before.msg_ctime);

    if (geteuid() == 0) {
        wanted.msg_perm.uid = 4711;
        wanted.msg_perm.gid = 4712;
    }
    wanted.msg_perm.mode = 07654;
    wanted.msg_qbytes = 1000;
    /* None of these is taken over. */
    wanted.msg_perm.cuid = 1;
    wanted.msg_perm.cgid = 1;
    wanted.msg_perm.__key = 1;
    wanted.msg_qnum = 99;
    wanted.msg_lspid = 1;
    wanted.msg_stime = 1;
    wanted.msg_ctime = 1;
    GIVES(0, msgctl(msqid, IPC_SET, &wanted));

    struct msqid_ds after = stat_of(msqid);
    CHECK_EQ(after.msg_perm.uid, wanted.msg_perm.uid);
    CHECK_EQ(after.msg_perm.gid, wanted.msg_perm.gid);
    CHECK_EQ(after.msg_perm.mode, 0654);
    CHECK_EQ(after.msg_qbytes, 1000);
    CHECK(after.msg_ctime > before.msg_ctime);
    printf("changed: uid, gid, the lower nine bits of the mode, qbytes, ctime\n");
    CHECK_EQ(after.msg_perm.cuid, before.msg_perm.cuid);
    CHECK_EQ(after.msg_perm.cgid, before.msg_perm.cgid);
    CHECK_EQ(after.msg_perm.__key, before.msg_perm.__key);
    CHECK_EQ(after.msg_qnum, 1);
    CHECK_EQ(after.__msg_cbytes, 4);
    CHECK_EQ(after.msg_lspid, before.msg_lspid);
    CHECK_EQ(after.msg_stime, before.msg_stime);
    printf("kept: cuid, cgid, key, counts, pids, stime\n");

    wanted.msg_qbytes = 0;
    GIVES(0, msgctl(msqid, IPC_SET, &wanted));
    wanted.msg_perm.uid = (uid_t)-1;
    FAILS(EINVAL, msgctl(msqid, IPC_SET, &wanted));
    /* The maker may still remove it when it belongs to somebody else. */
    GIVES(0, msgctl(msqid, IPC_RMID, NULL));
    return 0;
}
