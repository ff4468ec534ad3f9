/* Something else writes into the file of the queues, where they are not the kernel's. */
#define _GNU_SOURCE
#include "../check.h"
#include <fcntl.h>

int main(void)
{
    int id = new_queue();
    struct message message = {.mtype = 1};
    NEED(msgsnd(id, &message, 5, 0) == 0);
    char path[4096];
    snprintf(path, sizeof path, "%s/queues", getenv("MSGQ_DIR"));
    int file = open(path, O_RDWR);
    NEED(file != -1);
    char noise[4096];
    memset(noise, 0xff, sizeof noise);
    /* The file is vast and nearly all hole: only what is there is written over. */
    off_t at = 4096;
    for (int pages = 0; pages < 256 && (at = lseek(file, at, SEEK_DATA)) != -1; pages++) {
        NEED(pwrite(file, noise, sizeof noise, at) == sizeof noise);
        at += sizeof noise;
    }
    NEED(msgrcv(id, &message, sizeof message.mtext, 0, IPC_NOWAIT) == -1 && errno == EIO);
    return 0;
}
