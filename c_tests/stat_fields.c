/* IPC_STAT tells every field of struct msqid_ds as it is. */
#define _GNU_SOURCE
#include "support.h"

int main(void)
{
    time_t start = time(NULL);
    int msqid = new_queue(test_key(), 0642);
    time_t made = time(NULL);

    struct msqid_ds ds = stat_of(msqid);
    CHECK_EQ(ds.msg_perm.__key, test_key());
    CHECK_EQ(ds.msg_perm.uid, geteuid());
    CHECK_EQ(ds.msg_perm.gid, getegid());
    CHECK_EQ(ds.msg_perm.cuid, geteuid());
    CHECK_EQ(ds.msg_perm.cgid, getegid());
    CHECK_EQ(ds.msg_perm.mode, 0642);
    /* The upper bits of an msqid; how many depends on how the machine was started. */
    CHECK(ds.msg_perm.__seq == msqid >> 15 || ds.msg_perm.__seq == msqid >> 24);
    CHECK_EQ(ds.msg_qbytes, limit_of_queues("msgmnb"));
    CHECK(ds.msg_ctime >= start && ds.msg_ctime <= made);
    CHECK_EQ(ds.msg_stime, 0);
    CHECK_EQ(ds.msg_rtime, 0);
    CHECK_EQ(ds.msg_lspid, 0);
    CHECK_EQ(ds.msg_lrpid, 0);
    CHECK_EQ(ds.msg_qnum, 0);
    CHECK_EQ(ds.__msg_cbytes, 0);
    printf("new: key, owner, maker, mode, qbytes and ctime are right, the rest is 0\n");

    send_text(msqid, 1, "five!");
    send_text(msqid, 2, "seventeen letters");
    ds = stat_of(msqid);
    CHECK_EQ(ds.msg_lspid, getpid());
    CHECK_EQ(ds.msg_lrpid, 0);
    CHECK(ds.msg_stime >= made && ds.msg_stime <= time(NULL));
    CHECK_EQ(ds.msg_rtime, 0);
    printf("two sent: qnum %lu, cbytes %lu\n", (unsigned long)ds.msg_qnum,
           (unsigned long)ds.__msg_cbytes);
    CHECK_EQ(ds.msg_qnum, 2);
    CHECK_EQ(ds.__msg_cbytes, 22);

    pid_t child = fork_child();
    if (child == 0) {
        show_received(msqid, TEXT_SIZE, 2, IPC_NOWAIT);
        leave_child(0);
    }
    CHECK_EQ(exit_status_of(child), 0);
    ds = stat_of(msqid);
    CHECK_EQ(ds.msg_lspid, getpid());
    CHECK_EQ(ds.msg_lrpid, child);
    CHECK(ds.msg_rtime >= made && ds.msg_rtime <= time(NULL));
    printf("one received by another: qnum %lu, cbytes %lu\n", (unsigned long)ds.msg_qnum,
           (unsigned long)ds.__msg_cbytes);
    CHECK_EQ(ds.msg_qnum, 1);
    CHECK_EQ(ds.__msg_cbytes, 5);
    return 0;
}
