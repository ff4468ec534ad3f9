/* Only the bytes of the message itself need memory behind them. */
#define _GNU_SOURCE
#include "support.h"
#include <sys/mman.h>

int main(void)
{
    int msqid = new_queue(test_key(), 0600);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED);
    CHECK_EQ(munmap(pages + page, page), 0);

    for (size_t length = 0; length <= 40; length += 8) {
        struct message *last = (struct message *)(pages + page - sizeof(long) - length);
        last->mtype = 5;
        memset(last->mtext, 'x', length);
        GIVES(0, msgsnd(msqid, last, length, IPC_NOWAIT));
        memset(last->mtext, 0, length);
        last->mtype = 0;
        /* More room is promised than there is; the message fits what is there. */
        GIVES(length, msgrcv(msqid, last, 4096, 0, IPC_NOWAIT));
        CHECK_EQ(last->mtype, 5);
        for (size_t i = 0; i < length; i++)
            CHECK_EQ(last->mtext[i], 'x');
    }
    return 0;
}
