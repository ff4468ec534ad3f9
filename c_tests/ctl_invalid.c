/* msgctl refuses negative msqids, unknown commands and unknown queues with EINVAL. */
#define _GNU_SOURCE
#include "support.h"

int main(void)
{
    int msqid = new_queue(test_key(), 0600);
    struct msqid_ds ds = stat_of(msqid);
    FAILS(EINVAL, msgctl(-1, IPC_STAT, &ds));
    FAILS(EINVAL, msgctl(INT_MIN, IPC_RMID, NULL));
    FAILS(EINVAL, msgctl(msqid, -1, &ds));
    FAILS(EINVAL, msgctl(msqid, 4, &ds));
    FAILS(EINVAL, msgctl(msqid, 14, &ds));
    FAILS(EINVAL, msgctl(msqid, 99, &ds));
    FAILS(EINVAL, msgctl(msqid, INT_MAX, &ds));
    FAILS(EINVAL, msgctl(INT_MAX, IPC_STAT, &ds));
    FAILS(EINVAL, msgctl(INT_MAX, IPC_SET, &ds));
    FAILS(EINVAL, msgctl(INT_MAX, IPC_RMID, NULL));
    GIVES(0, msgctl(msqid, IPC_STAT, &ds));
    return 0;
}
