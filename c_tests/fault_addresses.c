/* A bad address is EFAULT, never a signal, and told in its place among the errors. */
#define _GNU_SOURCE
#include "support.h"
#include <sys/mman.h>

int main(void)
{
    int msqid = new_queue(test_key(), 0600);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED);
    CHECK_EQ(mprotect(pages, page, PROT_READ), 0);
    CHECK_EQ(munmap(pages + 2 * page, page), 0);
    void *null = NULL, *read_only = pages, *kernel = (void *)-4096L, *hole = pages + 2 * page;
    /* mtype can be read, the text cannot, or not all of it. */
    struct message *cut = (struct message *)(pages + 2 * page - sizeof(long));
    struct message *short_text = (struct message *)(pages + 2 * page - sizeof(long) - 3);
    cut->mtype = 1;

    printf("msgsnd\n");
    FAILS(EFAULT, msgsnd(msqid, null, 1, 0));
    FAILS(EFAULT, msgsnd(msqid, hole, 1, 0));
    FAILS(EFAULT, msgsnd(msqid, kernel, 0, 0));
    FAILS(EFAULT, msgsnd(-1, hole, 1, 0));
    FAILS(EFAULT, msgsnd(INT_MAX, null, 1, IPC_NOWAIT));
    FAILS(EFAULT, msgsnd(msqid, cut, 1, 0));
    FAILS(EFAULT, msgsnd(INT_MAX, cut, 1, 0));
    FAILS(EINVAL, msgsnd(-1, cut, 1, 0));
    memset(short_text, 0, sizeof(long) + 3);
    short_text->mtype = 1;
    FAILS(EFAULT, msgsnd(msqid, short_text, 4, 0));
    short_text->mtype = 0;
    FAILS(EINVAL, msgsnd(msqid, short_text, 4, 0));
    CHECK_EQ(stat_of(msqid).msg_qnum, 0);

    printf("msgrcv destroys the message that it cannot deliver\n");
    void *bad[] = {null, read_only, kernel, hole, cut};
    for (int i = 0; i < 5; i++) {
        send_text(msqid, 7, "destroyed");
        FAILS(EFAULT, msgrcv(msqid, bad[i], TEXT_SIZE, 0, 0));
        CHECK_EQ(stat_of(msqid).msg_qnum, 0);
    }
    /* Nothing is written where nothing is received. */
    FAILS(ENOMSG, msgrcv(msqid, hole, TEXT_SIZE, 0, IPC_NOWAIT));
    FAILS(EINVAL, msgrcv(INT_MAX, null, TEXT_SIZE, 0, 0));

    printf("MSG_COPY reads the buffer before it looks for the queue\n");
    bool copied = msgrcv(msqid, short_text, 3, 0, MSG_COPY | IPC_NOWAIT) != -1 || errno != ENOSYS;
    if (copied) {
        FAILS(EFAULT, msgrcv(INT_MAX, hole, TEXT_SIZE, 0, MSG_COPY | IPC_NOWAIT));
        FAILS(EFAULT, msgrcv(msqid, null, TEXT_SIZE, 0, MSG_COPY | IPC_NOWAIT));
        FAILS(ENOMSG, msgrcv(msqid, read_only, TEXT_SIZE, 0, MSG_COPY | IPC_NOWAIT));
    }

    printf("msgctl\n");
    FAILS(EFAULT, msgctl(msqid, IPC_STAT, null));
    FAILS(EFAULT, msgctl(msqid, IPC_STAT, read_only));
    FAILS(EFAULT, msgctl(msqid, IPC_STAT, hole));
    FAILS(EINVAL, msgctl(INT_MAX, IPC_STAT, hole));
    FAILS(EFAULT, msgctl(msqid, MSG_STAT, hole));
    FAILS(EFAULT, msgctl(msqid, MSG_STAT_ANY, kernel));
    FAILS(EFAULT, msgctl(msqid, IPC_SET, hole));
    FAILS(EFAULT, msgctl(INT_MAX, IPC_SET, null));
    FAILS(EFAULT, msgctl(0, IPC_INFO, hole));
    FAILS(EFAULT, msgctl(0, MSG_INFO, read_only));
    GIVES(0, msgctl(msqid, IPC_RMID, hole));
    return 0;
}
